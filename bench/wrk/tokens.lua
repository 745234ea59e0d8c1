-- Copyright (C) The ngx_http_auth_token_module authors
--
-- wrk -s tokens.lua URL -- SEED NEW KNOWN PAUSE: requests with a token.  Of 100
-- requests, NEW show one that was never shown before, the others take turns at
-- KNOWN tokens that SEED gives.  SEED, hexadecimal, stands in the last 32
-- characters, which are the token's id.  PAUSE is for how many milliseconds a
-- connection rests between requests.  The last line of the output is read by
-- bench/lib/load.py.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    local seed, new = args[1], tonumber(args[2])
    local known, pause = tonumber(args[3]), tonumber(args[4])
    local stem = string.rep("0", 28 - #seed) .. seed
    local form = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: localhost\r\n"
                 .. "Authorization: Bearer " .. stem .. "%012x\r\n\r\n"
    local last = 2^48 - 1
    local tokens, at = {}, 0
    local turn, count = 0, number * 2^28

    if pause > 0 then
        delay = function() return pause end
    end

    if new == 0 and known == 1 then
        wrk.headers["Host"] = "localhost"
        wrk.headers["Authorization"] = "Bearer " .. stem
                                       .. string.format("%012x", last)
        return
    end

    for i = 1, known do
        tokens[i] = form:format(last - i + 1)
    end

    function request()
        turn = turn + new

        if turn < 100 then
            at = at % known + 1
            return tokens[at]
        end

        turn = turn - 100
        count = count + 1

        return form:format(count)
    end
end

function done(summary, latency)
    local e = summary.errors
    io.write(string.format("result %d %d %d %d %d %d %d %d\n",
        summary.requests, summary.duration, e.status,
        e.connect + e.read + e.write + e.timeout,
        latency:percentile(50), latency:percentile(99),
        latency:percentile(99.9), latency.max))
end
