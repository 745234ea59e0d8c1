
/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Credentials that stand in a form, and the forms that the steps send.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_auth_token_credential.h"
#include "ngx_http_auth_token_method.h"


/* a parameter that is sent twice is an error to some, and a choice to others */

ngx_int_t
ngx_http_auth_token_credential_form(ngx_conf_t *cf,
    ngx_http_auth_token_provider_t *provider)
{
    ngx_str_t                          name;
    ngx_uint_t                         i, j, k;
    const auth_token_step_t           *step;
    ngx_http_auth_token_credential_t  *credential;
    static const auth_token_str_t      own[] = {
        auth_token_str("client_id"),
        auth_token_str("client_secret"),
        auth_token_str("client_assertion"),
        auth_token_str("client_assertion_type")
    };

    credential = provider->credential;

    if (!provider->protocol->form_credentials) {
        ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf, &credential->place,
                           "credential method \"%V\" needs a form, "
                           "which provider \"%V\" does not send",
                           &credential->method->name, &provider->name);
        return NGX_ERROR;
    }

    for (i = 0; i < provider->protocol->nsteps; i++) {
        step = &provider->protocol->steps[i];

        if (step->credential != AUTH_TOKEN_CREDENTIAL_PROVIDER) {
            continue;
        }

        for (j = 0; j < step->nform; j++) {

            for (k = 0; k < sizeof(own) / sizeof(own[0]); k++) {

                if (!auth_token_str_eq(&step->form[j].name, &own[k])) {
                    continue;
                }

                name.len = own[k].len;
                name.data = own[k].data;

                ngx_http_auth_token_place_error(NGX_LOG_EMERG, cf,
                                   &credential->place,
                                   "credential method \"%V\" is for form "
                                   "\"%V\" of provider \"%V\" as well",
                                   &credential->method->name, &name,
                                   &provider->name);
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}
