// Copyright (C) The ngx_http_auth_token_module authors
//
// RFC 7662 for auth_request, by a subrequest into a location that proxies
// and caches: this njs has no memory that outlives a request.

async function introspect(r) {
    const reply = await r.subrequest('/-/introspect', {
        method: 'POST',
        body: 'token_type_hint=access_token&token='
              + encodeURIComponent(r.variables.bench_token)
    });

    if (reply.status != 200) {
        r.return(500);
        return;
    }

    const answer = JSON.parse(reply.responseText);
    const now = Date.now() / 1000;

    r.return(answer.active === true && !(answer.exp <= now) ? 204 : 401);
}

export default { introspect };
