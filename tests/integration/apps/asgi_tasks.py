"""What asyncio, anyio and sniffio offer to an application, each tried inside a request."""

import asyncio
import contextvars
import json
import threading

request_id = contextvars.ContextVar("request_id", default="unset")
left_over = set()
notes = {}


async def answer(send, content):
    body = json.dumps(content).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


async def current_task(scope, receive, send):
    task = asyncio.current_task()
    again = asyncio.current_task()
    await asyncio.sleep(0)
    return {
        "is a task": isinstance(task, asyncio.Task) or hasattr(task, "cancel"),
        "the same": task is again and task is asyncio.current_task(),
        "among all": task in asyncio.all_tasks(),
        "running loop": asyncio.get_running_loop() is task.get_loop(),
        "not done": not task.done(),
    }


async def loop_name(scope, receive, send):
    loop = asyncio.get_running_loop()
    return {"module": type(loop).__module__, "bases": [base.__module__ for base in type(loop).__mro__], "thread": threading.current_thread().name}


async def context(scope, receive, send):
    """?VALUE: a variable of the context is the request's own, over suspensions and in children."""
    value = scope["query_string"].decode()
    before = request_id.get()
    request_id.set(value)

    async def child():
        inherited = request_id.get()
        request_id.set("child's own")
        return inherited

    seen = []
    for _ in range(5):
        await asyncio.sleep(0.01)
        seen.append(request_id.get())
    inherited = await asyncio.create_task(child())
    threaded = await asyncio.to_thread(request_id.get)
    called = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(lambda: called.set_result(request_id.get()))
    return {"before": before, "seen": seen, "child": inherited, "thread": threaded, "callback": await called, "after": request_id.get()}


async def receive_task(scope, receive, send):
    """receive() is awaitable in any way that an awaitable is."""
    first = await asyncio.create_task(receive())
    second = await asyncio.wait_for(asyncio.ensure_future(receive()), 5)
    return [first["body"].decode() + second["body"].decode(), second["more_body"]]


async def wait_for(scope, receive, send):
    await receive()
    outcomes = []
    for _ in range(3):
        try:
            await asyncio.wait_for(receive(), 0.05)
            outcomes.append("a message")
        except TimeoutError:
            outcomes.append("timeout")
    return outcomes


async def send_tasks(scope, receive, send):
    """Sent from tasks of its own, one after the other."""
    await asyncio.create_task(send({"type": "http.response.start", "status": 200, "headers": []}))
    for i in range(3):
        await asyncio.wait_for(send({"type": "http.response.body", "body": b"%d" % i, "more_body": True}), 5)
    await asyncio.gather(send({"type": "http.response.body", "body": b""}))


async def to_thread(scope, receive, send):
    def work():
        return threading.current_thread() is not threading.main_thread(), threading.get_ident()

    apart, ident = await asyncio.to_thread(work)
    return [apart, ident != threading.get_ident()]


async def executor(scope, receive, send):
    loop = asyncio.get_running_loop()
    results = await asyncio.gather(*(loop.run_in_executor(None, pow, i, 2) for i in range(20)))
    return results


async def threadsafe(scope, receive, send):
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    threading.Timer(0.05, loop.call_soon_threadsafe, (done.set,)).start()
    await asyncio.wait_for(done.wait(), 10)
    future = asyncio.run_coroutine_threadsafe
    return await asyncio.to_thread(lambda: future(asyncio.sleep(0, "from a thread"), loop).result(10))


async def task_group(scope, receive, send):
    results = []

    async def one(i):
        await asyncio.sleep(0.01 * (3 - i))
        results.append(i)

    async with asyncio.TaskGroup() as group:
        for i in range(3):
            group.create_task(one(i))
    try:
        async with asyncio.timeout(0.02):
            await asyncio.sleep(10)
    except TimeoutError:
        results.append("timeout")
    return results


async def anyio_group(scope, receive, send):
    import anyio

    results = []

    async def one(i):
        await anyio.sleep(0.01 * (3 - i))
        results.append(i)

    async with anyio.create_task_group() as group:
        for i in range(3):
            group.start_soon(one, i)
    with anyio.move_on_after(0.02) as cancelled:
        await anyio.sleep(10)
    results.append(cancelled.cancel_called)
    results.append(await anyio.to_thread.run_sync(lambda: threading.current_thread() is not threading.main_thread()))
    results.append(await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(anyio.sleep, 0) is None))
    sending, receiving = anyio.create_memory_object_stream(1)
    async with anyio.create_task_group() as group:
        group.start_soon(sending.send, "through a stream")
        results.append(await receiving.receive())
    return results


async def sniff(scope, receive, send):
    import sniffio

    return [sniffio.current_async_library(), await asyncio.create_task(asyncio.sleep(0, sniffio.current_async_library()))]


async def left_behind(scope, receive, send):
    """A task that goes on when its request is over."""

    async def later():
        await asyncio.sleep(0.2)
        notes["left behind"] = request_id.get()

    request_id.set("of the one that left it")
    task = asyncio.create_task(later())
    left_over.add(task)
    task.add_done_callback(left_over.discard)
    return None


async def late_send(scope, receive, send):
    """send() and receive() in a task that outlives the request do no harm to the next one."""

    async def later():
        await asyncio.sleep(0.1)
        outcomes = [(await asyncio.wait_for(receive(), 10))["type"]]
        for message in ({"type": "http.response.start", "status": 200}, {"type": "http.response.body", "body": b"too late"}):
            try:
                await send(message)
                outcomes.append("sent")
            except Exception as error:
                outcomes.append(type(error).__name__)
        notes["late send"] = outcomes

    task = asyncio.create_task(later())
    left_over.add(task)
    return None


async def subprocess(scope, receive, send):
    process = await asyncio.create_subprocess_exec("/bin/echo", "from a child", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return [output.decode().strip(), process.returncode]


async def streams(scope, receive, send):
    async def serve(reader, writer):
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"over a socket\n")
    line = await reader.readline()
    writer.close()
    server.close()
    return line.decode()


async def cancels_itself(scope, receive, send):
    asyncio.current_task().cancel()
    await asyncio.sleep(0)


async def cancels_a_child(scope, receive, send):
    child = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    child.cancel()
    try:
        await child
    except asyncio.CancelledError:
        return [child.cancelled(), asyncio.current_task().cancelling()]


async def generators(scope, receive, send):
    """An asynchronous generator that is left alone is closed by the loop."""

    async def numbers():
        try:
            for i in range(10):
                yield i
        finally:
            notes["generator"] = "closed"

    async for i in numbers():
        if i == 2:
            break
    return i


async def wrong_message(scope, receive, send):
    """What is wrong with a message is raised where it is awaited, as by a coroutine function."""
    found = await asyncio.gather(send({"type": "nonsense"}), send([]), return_exceptions=True)
    return [type(each).__name__ for each in found]


async def names(scope, receive, send):
    asyncio.current_task().set_name("a name of its own")
    return asyncio.current_task().get_name()


async def show(scope, receive, send):
    return notes


async def app(scope, receive, send):
    assert scope["type"] == "http"
    result = await globals()[scope["path"][1:].replace("-", "_")](scope, receive, send)
    if scope["path"] != "/send-tasks":
        await answer(send, result)
