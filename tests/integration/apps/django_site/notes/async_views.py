"""Views that are coroutines, and one that is not, beside them."""

import asyncio
import hashlib
import threading
import time

from asgiref.sync import sync_to_async
from django.http import JsonResponse

from django_site.notes.models import Note


async def gathered(request):
    """Several waits at once, and the database from a coroutine."""
    begun = time.perf_counter()
    await asyncio.gather(*(asyncio.sleep(0.1) for _ in range(10)))
    count = await sync_to_async(Note.objects.count)()
    return JsonResponse({"took": time.perf_counter() - begun, "notes": count, "asgi": hasattr(request, "scope")})


async def upload(request):
    file = request.FILES["file"]
    return JsonResponse({"name": file.name, "size": file.size, "digest": hashlib.sha256(file.read()).hexdigest()})


upload.csrf_exempt = True  # the decorator knows coroutines only from Django 5 on


def threaded(request):
    """Django runs it in a thread, where the loop is not."""
    try:
        asyncio.get_running_loop()
        loop = True
    except RuntimeError:
        loop = False
    return JsonResponse({"loop": loop, "main": threading.current_thread() is threading.main_thread()})


async def broken(request):
    raise RuntimeError("an error in an async view")
