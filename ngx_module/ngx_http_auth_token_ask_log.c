
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What the log is told of a question that got no usable answer: never a URL,
 * a token, or anything of a body but a number.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_ask.h"


void
ngx_http_auth_token_ask_log(ngx_http_auth_token_ask_t *ask,
    auth_token_result_t *result)
{
    ngx_str_t                        name;
    const char                      *detail;
    const auth_token_step_t         *step;
    ngx_http_auth_token_provider_t  *provider;

    provider = ask->provider;

    /* a flood of failing look-ups must not become a flood of lines */

    if (provider->logged == ngx_time()) {
        provider->suppressed++;
        return;
    }

    step = &provider->protocol->steps[ask->step];
    name.len = step->name.len;
    name.data = step->name.data;
    detail = ask->fetch.detail;

    ngx_log_error(NGX_LOG_ERR, ask->log, ask->fetch.err,
                  "auth token: provider \"%V\", step \"%V\": %s%s%s "
                  "(status %ui, code %L, %ui more not logged)",
                  &provider->name, &name,
                  result->reason ? result->reason : "no usable answer",
                  detail ? ", " : "", detail ? detail : "",
                  ask->fetch.status, result->code, provider->suppressed);

    provider->logged = ngx_time();
    provider->suppressed = 0;
}
