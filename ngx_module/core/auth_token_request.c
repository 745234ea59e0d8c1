/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Builds the request of a step.  Whatever is missing or cannot be written
 * safely ends the look-up here: no half request ever leaves.
 */


#include <strings.h>

#include "auth_token_escape.h"
#include "auth_token_step.h"
#include "auth_token_template.h"


static int auth_token_request_url(const auth_token_step_t *step,
    auth_token_str_t endpoint, const auth_token_vars_t *vars,
    auth_token_buf_t *url);
static int auth_token_request_headers(const auth_token_step_t *step,
    const auth_token_vars_t *vars, auth_token_buf_t *headers);
static int auth_token_request_has(const auth_token_step_t *step,
    auth_token_str_t name);
static int auth_token_request_body(const auth_token_step_t *step,
    const auth_token_vars_t *vars, auth_token_buf_t *body);
static int auth_token_request_field(auth_token_buf_t *headers,
    auth_token_str_t name, auth_token_str_t value,
    const auth_token_vars_t *vars);


static const auth_token_pair_t  auth_token_request_accept = {
    auth_token_str("Accept"), auth_token_str("application/json")
};

static const auth_token_pair_t  auth_token_request_accept_jwt = {
    auth_token_str("Accept"),
    auth_token_str("application/token-introspection+jwt")
};

static const auth_token_pair_t  auth_token_request_bearer = {
    auth_token_str("Authorization"), auth_token_str("Bearer $token")
};

static const auth_token_pair_t  auth_token_request_form = {
    auth_token_str("Content-Type"),
    auth_token_str("application/x-www-form-urlencoded")
};

static const auth_token_pair_t  auth_token_request_json = {
    auth_token_str("Content-Type"), auth_token_str("application/json")
};


int
auth_token_request_build(const auth_token_step_t *step,
    auth_token_str_t endpoint, const auth_token_vars_t *vars,
    auth_token_request_t *out)
{
    out->method = step->method;
    out->has_body = step->body != AUTH_TOKEN_BODY_NONE;

    auth_token_buf_init(&out->url, AUTH_TOKEN_REQUEST_MAX_URL);
    auth_token_buf_init(&out->headers, AUTH_TOKEN_REQUEST_MAX_HEADERS);
    auth_token_buf_init(&out->body, AUTH_TOKEN_REQUEST_MAX_BODY);

    if (auth_token_request_url(step, endpoint, vars, &out->url) != 0
        || auth_token_request_headers(step, vars, &out->headers) != 0
        || auth_token_request_body(step, vars, &out->body) != 0)
    {
        return -1;
    }

    return 0;
}


void
auth_token_request_free(auth_token_request_t *r)
{
    auth_token_buf_free(&r->url);
    auth_token_buf_free(&r->headers);
    auth_token_buf_free(&r->body);
}


static int
auth_token_request_url(const auth_token_step_t *step,
    auth_token_str_t endpoint, const auth_token_vars_t *vars,
    auth_token_buf_t *url)
{
    auth_token_str_t  path;

    path = step->path;

    if (endpoint.len == 0) {
        return -1;
    }

    if (path.len != 0) {
        if (memchr(endpoint.data, '?', endpoint.len) != NULL) {
            /* a path would end up among the endpoint's own arguments */
            return -1;
        }

        if (path.data[0] == '/' && endpoint.data[endpoint.len - 1] == '/') {
            endpoint.len--;
        }
    }

    if (auth_token_buf_add(url, endpoint.data, endpoint.len) != 0
        || auth_token_template_expand(path, AUTH_TOKEN_PLACE_PATH, vars, url)
           != 0
        || auth_token_buf_addc(url, '\0') != 0)
    {
        return -1;
    }

    url->len--;

    return 0;
}


static int
auth_token_request_headers(const auth_token_step_t *step,
    const auth_token_vars_t *vars, auth_token_buf_t *headers)
{
    size_t                    i, n;
    const auth_token_pair_t  *fixed[3];

    n = 0;
    fixed[n++] = step->jwt ? &auth_token_request_accept_jwt
                           : &auth_token_request_accept;

    if (step->credential == AUTH_TOKEN_CREDENTIAL_TOKEN) {
        fixed[n++] = &auth_token_request_bearer;
    }

    if (step->body == AUTH_TOKEN_BODY_FORM) {
        fixed[n++] = &auth_token_request_form;

    } else if (step->body == AUTH_TOKEN_BODY_JSON) {
        fixed[n++] = &auth_token_request_json;
    }

    for (i = 0; i < n; i++) {
        if (auth_token_request_has(step, fixed[i]->name)) {
            continue;
        }

        if (auth_token_request_field(headers, fixed[i]->name, fixed[i]->value,
                                     vars)
            != 0)
        {
            return -1;
        }
    }

    for (i = 0; i < step->nheaders; i++) {
        if (auth_token_request_field(headers, step->headers[i].name,
                                     step->headers[i].value, vars)
            != 0)
        {
            return -1;
        }
    }

    return 0;
}


/* a field that the step has itself replaces ours */

static int
auth_token_request_has(const auth_token_step_t *step, auth_token_str_t name)
{
    size_t                   i;
    const auth_token_str_t  *own;

    for (i = 0; i < step->nheaders; i++) {
        own = &step->headers[i].name;

        if (own->len == name.len
            && strncasecmp((char *) own->data, (char *) name.data, name.len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static int
auth_token_request_body(const auth_token_step_t *step,
    const auth_token_vars_t *vars, auth_token_buf_t *body)
{
    size_t                    i;
    const auth_token_pair_t  *pair;

    if (step->body == AUTH_TOKEN_BODY_JSON) {
        return auth_token_template_expand(step->json, AUTH_TOKEN_PLACE_JSON,
                                          vars, body);
    }

    if (step->body == AUTH_TOKEN_BODY_NONE) {
        return 0;
    }

    for (i = 0; i < step->nform; i++) {
        pair = &step->form[i];

        if ((i != 0 && auth_token_buf_addc(body, '&') != 0)
            || auth_token_escape(pair->name, AUTH_TOKEN_PLACE_FORM, body)
               != 0
            || auth_token_buf_addc(body, '=') != 0
            || auth_token_template_expand(pair->value, AUTH_TOKEN_PLACE_FORM,
                                          vars, body)
               != 0)
        {
            return -1;
        }
    }

    return 0;
}


static int
auth_token_request_field(auth_token_buf_t *headers, auth_token_str_t name,
    auth_token_str_t value, const auth_token_vars_t *vars)
{
    if (auth_token_buf_add(headers, name.data, name.len) != 0
        || auth_token_buf_adds(headers, ": ") != 0
        || auth_token_template_expand(value, AUTH_TOKEN_PLACE_HEADER, vars,
                                      headers)
           != 0
        || auth_token_buf_addc(headers, '\0') != 0)
    {
        return -1;
    }

    return 0;
}
