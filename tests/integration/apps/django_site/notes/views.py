"""List, add, show, export."""

import tempfile

from django import forms
from django.db import transaction
from django.http import FileResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from django_site.notes.models import Note


class NoteForm(forms.ModelForm):
    class Meta:
        model = Note
        fields = ["title", "text"]


@transaction.atomic
def index(request):
    form = NoteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return redirect(f"/notes/{form.save().pk}/")
    return render(request, "index.html", {"form": form, "notes": Note.objects.order_by("pk")})


def detail(request, number):
    return render(request, "detail.html", {"note": get_object_or_404(Note, pk=number)})


def export(request):
    notes = Note.objects.order_by("pk").values_list("title", flat=True)
    return StreamingHttpResponse((f"{title}\n" for title in notes.iterator()), content_type="text/plain")


def file(request):
    """FileResponse goes through wsgi.file_wrapper."""
    content = tempfile.TemporaryFile()  # noqa: SIM115
    content.write(b"from a file " * 50_000)
    content.seek(0)
    return FileResponse(content, content_type="text/plain")
