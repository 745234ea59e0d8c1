# Copyright (C) The ngx_http_auth_token_module authors

"""How many tokens ten megabytes hold, by filling them from outside and then
counting; what one more takes is the difference between two zones, so that it
holds all of the zone's own needs in proportion."""

import json
import os
import urllib.request

import contestants
import load
from contest import others

MB = 1 << 20


def memory(size, tell):
    authority = contestants.authority(others())
    this, zones = contestants.THIS, size["zones"]
    found = {
        "four": zone(contestants.FOUR, authority, zones, 3000, records),
        "one answer": zone(this, authority, zones, 5000, records),
        "negative": zone(this, authority, zones, 7000, negatives,
                         INTROSPECT="/negative/introspect"),
        "lua": zone(contestants.LUA, authority, zones, 12000, keys),
        "lua_kept": zone(contestants.LUA_KEPT, authority, zones, 6000, keys),
    }
    # an entry of proxy_cache is two: in the zone, and a file
    server = contestants.AUTH_REQUEST.start(authority)
    fill(server, 2000)
    sizes = files(os.path.join(server.dir, "cache"))
    server.end()
    found["auth_request"] = [{"disk": round(sum(sizes) / len(sizes))}]
    authority.end()
    return found


def zone(one, authority, sizes, tokens, count, **names):
    """What two sizes hold when they have seen more than they can, "tokens"
    for each megabyte; "ten" is what that comes to for ten megabytes."""
    held = []
    for size in sizes:
        server = one.start(authority, ZONE=f"{size}m", **names)
        shown = fill(server, size * tokens, refused=count is negatives)
        held.append(count(server))
        server.end()
        if shown < held[-1] * 1.2:
            raise RuntimeError(f"{one.title}: {size} MB were not full, "
                               f"{held[-1]} of {shown}")
    found = {"ten": round(held[1] / sizes[1] * 10),
             "bytes": round((sizes[1] - sizes[0]) * MB / (held[1] - held[0]))}
    print(f"{one.name:14} {found}", flush=True)
    return [found]


def fill(server, requests, refused=False):
    """Shows new tokens until there were so many; returns how many."""
    shown = 0
    while shown < requests:
        shown += load.run(server.url("/t"), 1, 64, new=100, refused=refused,
                          given=load.seed())["requests"]
    return shown


def records(server):
    """Tokens, of which those of cloudflare have two records each."""
    divide = 2 if "preset      cloudflare" in server.text else 1
    return purged(server)["records"] / divide


def negatives(server):
    return purged(server)["negatives"]


def keys(server):
    return int(get(server, "/-/count"))


def purged(server):
    request = urllib.request.Request(
        server.url("/-/purge"), b'{"all":true}',
        {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def get(server, path):
    with urllib.request.urlopen(server.url(path), timeout=30) as answer:
        return answer.read()


def files(directory):
    return [os.stat(os.path.join(path, name)).st_blocks * 512
            for path, _, names in os.walk(directory) for name in names]
