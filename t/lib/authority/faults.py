# Copyright (C) The ngx_http_auth_token_module authors

"""Programs of actions on a connection.

A program is a list of objects with one verb each:

    {"delay": MS}               wait
    {"recv": true}              wait for the next bytes of the client
    {"answer": SPEC}            an answer (answers.py), or "default"
    {"drip": SPEC, "size": N, "gap": MS}        the same, N bytes at a time
    {"send": "TEXT"}, {"send64": "..."}         bytes as they are
    {"garbage": N}              N bytes that are no HTTP
    {"endless": "headers"|"body"|"chunks"|"spaces"|"interim", "max": BYTES,
     "gap": MS, "size": N}      goes on until the client closes, or max
    {"hold": MS}                nothing, until the client closes or MS pass
    {"close": true}             an orderly end
    {"abort": true}             FIN, with TLS without close_notify
    {"fin": true}               half-close
    {"rst": true}               RST
    {"later": MS, "actions": [...]}             after this answer, on the
                                idle connection
"""

import asyncio
import base64

from . import answers

HOLD_MAX = 60000
ENDLESS_MAX = 64 << 20
GARBAGE = bytes((i * 37 + 11) % 256 for i in range(4096))


async def write(conn, data):
    if conn.transport.is_closing():
        return False
    conn.transport.write(data)
    await conn.writable.wait()
    return not conn.transport.is_closing()


def rendered(request, spec, default):
    answer = answers.from_spec(spec, default)
    method = request.method if request else "GET"
    return answer, answer.render(method)


async def run(conn, request, actions, default):
    for action in actions:
        if conn.transport.is_closing():
            return
        await act(conn, request, action, default)


async def act(conn, request, action, default):
    if "later" in action:
        conn.start(later(conn, request, action, default))
    elif "delay" in action:
        await asyncio.sleep(action["delay"] / 1000)
    elif "recv" in action:
        await conn.arrived.wait()
        conn.arrived.clear()
    elif "answer" in action:
        answer, data = rendered(request, action["answer"], default)
        await write(conn, data)
        if answer.closes:
            conn.transport.close()
    elif "drip" in action:
        await drip(conn, request, action, default)
    elif "send" in action:
        await write(conn, action["send"].encode("latin-1"))
    elif "send64" in action:
        await write(conn, base64.b64decode(action["send64"]))
    elif "garbage" in action:
        count = action["garbage"]
        data = GARBAGE * (count // len(GARBAGE) + 1)
        await write(conn, data[:count])
    elif "endless" in action:
        await endless(conn, action)
    elif "hold" in action:
        await hold(conn, action["hold"])
    elif "close" in action:
        conn.transport.close()
    elif "abort" in action:
        conn.transport.abort()
    elif "fin" in action:
        if conn.transport.can_write_eof():
            conn.transport.write_eof()
    elif "rst" in action:
        conn.reset()
    else:
        raise ValueError(f"unknown action: {action}")


async def later(conn, request, action, default):
    await asyncio.sleep(action["later"] / 1000)
    await run(conn, request, action["actions"], default)


async def drip(conn, request, action, default):
    answer, data = rendered(request, action["drip"], default)
    size = action.get("size", 1)
    for start in range(0, len(data), size):
        if not await write(conn, data[start:start + size]):
            return
        if action.get("gap"):
            await asyncio.sleep(action["gap"] / 1000)
        else:
            await asyncio.sleep(0)
    if answer.closes:
        conn.transport.close()


async def hold(conn, milliseconds):
    if milliseconds is True:
        milliseconds = HOLD_MAX
    await asyncio.wait([conn.closed], timeout=milliseconds / 1000)


ENDLESS = {
    # kind: (what opens it, what repeats for the asked number of bytes)
    "headers": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n",
                lambda size: b"X-Filler: " + b"h" * size + b"\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             b"Connection: close\r\n\r\n{",
             lambda size: b" " * size),
    "chunks": (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n",
               lambda size: b"%x\r\n%s\r\n" % (size, b" " * size)),
    "spaces": (b"HTTP/1.1 200 " + b"O" * 100, lambda size: b"K" * size),
    "interim": (b"", lambda size: b"HTTP/1.1 100 Continue\r\n\r\n"),
}


async def endless(conn, action):
    opening, piece = ENDLESS[action["endless"]]
    piece = piece(action.get("size", 1024))
    left = min(action.get("max", ENDLESS_MAX), ENDLESS_MAX)
    await write(conn, opening)
    while left > 0 and await write(conn, piece):
        left -= len(piece)
        await asyncio.sleep(action.get("gap", 0) / 1000)
    conn.transport.close()
