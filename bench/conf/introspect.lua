-- Copyright (C) The ngx_http_auth_token_module authors
--
-- RFC 7662 with a shared dictionary, for access_by_lua: what is kept of a
-- token is the second in which it ends, 0 if the answer was no, for as long as
-- the answer may be used; JSON is read on a miss only.

local cjson = require "cjson.safe"

local ngx = ngx
local tokens = ngx.shared.tokens
local locks = ngx.shared.locks

local VALID, NEGATIVE, TIMEOUT = 60, 10, 5000
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

    return cjson.decode(text)
end


-- one look-up for a token at a time
local function find(token)
    while not locks:add(token, true, TIMEOUT / 1000) do
        ngx.sleep(0.01)
        local till = tokens:get(token)
        if till then
            return till
        end
    end

    local answer = ask(token)
    local till

    if answer and answer.active == true then
        till = answer.exp or math.huge
        tokens:set(token, till, VALID)

    elseif answer and answer.active == false then
        till = 0
        tokens:set(token, till, NEGATIVE)
    end

    locks:delete(token)

    return till
end


local _M = {}


function _M.check()
    local header = ngx.var.http_authorization

    if not header or header:sub(1, 7) ~= "Bearer " then
        return ngx.exit(401)
    end

    local token = header:sub(8)
    local till = tokens:get(token) or find(token)

    if not till then
        return ngx.exit(503)
    end

    if till <= ngx.time() then
        return ngx.exit(401)
    end
end


return _M
