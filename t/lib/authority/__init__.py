# Copyright (C) The ngx_http_auth_token_module authors

"""A scriptable token authority for tests and for the demo.

It answers as Cloudflare's token API and as an RFC 7662 endpoint do, from a
table of tokens, and can be told to answer in any wrong way instead.  It
counts what it was asked.  Only the standard library is used.

    main            options, addresses, life time
    server          listeners, connections, the HTTP parser, the log
    state           what tests set and read: tokens, rules, counts
    rules           which rule fits which request
    answers         answers as bytes
    faults          programs of actions: slow, cut, doubled, endless, reset
    cloudflare      /client/v4/user/tokens, /client/v4/accounts/ID/tokens
    introspection   RFC 7662
    tls             certificates, good and bad, made at the start
    strangers       who reaches the backend without a right to
    control         the interface that tests use: JSON over HTTP
"""
