-- Copyright (C) The ngx_http_auth_token_module authors
--
-- RFC 7662 with a shared dictionary, for access_by_lua, in two ways:
--
-- check() keeps of a token, under the token itself, no more than the second in
-- which it ends, 0 if the answer was no; JSON is read on a miss only.
--
-- check_kept() keeps the answer, for who wants its claims, under a digest, so
-- that no token is in shared memory, and judges what it says at each request.
-- SHA-1 is what there is without one more library.
--
-- Both keep it for as long as the answer may be used.

local cjson = require "cjson.safe"

local ngx = ngx
local tokens = ngx.shared.tokens
local locks = ngx.shared.locks

local VALID, NEGATIVE, TIMEOUT = 60, 10, 5000
local SECRET = "bench of one run"
local HOST, PORT, URI = "127.0.0.1", @AUTHORITY_PORT@, "@INTROSPECT@"

local HEAD = "POST " .. URI .. " HTTP/1.1\r\nHost: " .. HOST
    .. "\r\nAuthorization: Basic bmdpbng6c2VjcmV0"
    .. "\r\nContent-Type: application/x-www-form-urlencoded"
    .. "\r\nContent-Length: "


local function ask(token)
    local body = "token_type_hint=access_token&token=" .. ngx.escape_uri(token)
    local sock = ngx.socket.tcp()
    sock:settimeout(TIMEOUT)

    local ok, err = sock:connect(HOST, PORT)
    if not ok then
        return nil, err
    end

    ok, err = sock:send { HEAD, #body, "\r\n\r\n", body }
    if not ok then
        return nil, err
    end

    local line = sock:receive()
    local length

    if not line or line:sub(10, 12) ~= "200" then
        return nil, "status"
    end

    repeat
        line, err = sock:receive()
        if not line then
            return nil, err
        end
        length = length or line:match("^[Cc]ontent%-[Ll]ength:%s*(%d+)")
    until line == ""

    local text
    text, err = sock:receive(tonumber(length) or 0)
    if not text then
        return nil, err
    end

    sock:setkeepalive(60000, 4096)

    return text
end


-- one look-up for a token at a time; "keep" makes of an answer what is kept
local function find(key, token, keep)
    while not locks:add(key, true, TIMEOUT / 1000) do
        ngx.sleep(0.01)
        local kept = tokens:get(key)
        if kept then
            return kept
        end
    end

    local text = ask(token)
    local answer = text and cjson.decode(text)
    local kept

    if answer and type(answer.active) == "boolean" then
        kept = keep(answer, text)
        tokens:set(key, kept, answer.active and VALID or NEGATIVE)
    end

    locks:delete(key)

    return kept
end


local function bearer()
    local header = ngx.var.http_authorization

    if not header or header:sub(1, 7) ~= "Bearer " then
        return ngx.exit(401)
    end

    return header:sub(8)
end


local function keep_end(answer)
    return answer.active and (answer.exp or math.huge) or 0
end


local function keep_text(_, text)
    return text
end


local _M = {}


function _M.check()
    local token = bearer()
    local till = tokens:get(token) or find(token, token, keep_end)

    if not till then
        return ngx.exit(503)
    end

    if till <= ngx.time() then
        return ngx.exit(401)
    end
end


function _M.check_kept()
    local token = bearer()
    local key = ngx.sha1_bin(SECRET .. token)
    local text = tokens:get(key) or find(key, token, keep_text)
    local claims = text and cjson.decode(text)
    local now = ngx.time()

    if not claims then
        return ngx.exit(503)
    end

    if claims.active ~= true or (claims.exp or math.huge) <= now
        or (claims.nbf or 0) > now
    then
        return ngx.exit(401)
    end

    ngx.ctx.claims = claims
end


return _M
