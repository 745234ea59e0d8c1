-- Copyright (C) The ngx_http_auth_token_module authors
--
-- wrk -s tokens.lua URL -- SEED NEW HEAD PAUSE: requests with a token.  Of 100
-- requests, NEW show one that was never shown before, the others show the one
-- that SEED gives.  HEAD is how all tokens begin.  PAUSE is for how many
-- milliseconds a connection rests between requests.  The last line of the
-- output is read by bench/lib/load.py.

local threads = 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(args)
    local seed, new, head = args[1], tonumber(args[2]), args[3]
    local pause = tonumber(args[4])
    local first = head .. seed .. string.rep("0", 40 - #head - #seed)
    local before = "GET " .. wrk.path .. " HTTP/1.1\r\nHost: localhost\r\n"
                   .. "Authorization: Bearer "
    local known = before .. first .. "\r\n\r\n"
    local form = before .. head .. seed .. "%0" .. 40 - #head - #seed
                 .. "x\r\n\r\n"
    local turn, count = 0, number * 2^28

    if pause > 0 then
        delay = function() return pause end
    end

    if new == 0 then
        wrk.headers["Host"] = "localhost"
        wrk.headers["Authorization"] = "Bearer " .. first
        return
    end

    function request()
        turn = turn + new

        if turn < 100 then
            return known
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
