/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What is asked of a protocol as a whole: which tokens can be its own, and
 * what tells its answers from another's in the cache.
 */


#include "auth_token_bearer.h"
#include "auth_token_step.h"


/* to be changed when steps of the same content come to mean something else */
#define AUTH_TOKEN_PROTOCOL_VERSION  2


static void auth_token_protocol_number(auth_token_buf_t *out, uint64_t n);
static void auth_token_protocol_text(auth_token_buf_t *out,
    auth_token_str_t text);
static void auth_token_protocol_syntax(auth_token_buf_t *out,
    const auth_token_syntax_t *syntax);
static void auth_token_protocol_pairs(auth_token_buf_t *out,
    const auth_token_pair_t *pairs, size_t n);
static void auth_token_protocol_conditions(auth_token_buf_t *out,
    const auth_token_condition_t *conditions, size_t n);
static void auth_token_protocol_cidrs(auth_token_buf_t *out,
    const auth_token_cidrs_t *cidrs, size_t n);
static void auth_token_protocol_closed(auth_token_buf_t *out,
    const auth_token_closed_t *closed, size_t n);
static void auth_token_protocol_fields(auth_token_buf_t *out,
    const auth_token_field_t *fields, size_t n);
static void auth_token_protocol_mapping(auth_token_buf_t *out,
    const auth_token_mapping_t *m);
static void auth_token_protocol_request(auth_token_buf_t *out,
    const auth_token_step_t *step);
static void auth_token_protocol_step(auth_token_buf_t *out,
    const auth_token_step_t *step);


int
auth_token_token_fits(const auth_token_protocol_t *p, auth_token_str_t token)
{
    return auth_token_bearer_is_b64token(token.data, token.len)
           && auth_token_syntax_ok(&p->token, token);
}


int
auth_token_syntax_ok(const auth_token_syntax_t *syntax, auth_token_str_t text)
{
    auth_token_charset_t         made;
    const auth_token_charset_t  *set;

    if (text.len < syntax->min
        || (syntax->max != 0 && text.len > syntax->max))
    {
        return 0;
    }

    if (syntax->charset.len == 0) {
        return 1;
    }

    set = syntax->set;

    if (set == NULL) {
        if (auth_token_charset_init(&made, syntax->charset.data,
                                    syntax->charset.len)
            != 0)
        {
            return 0;
        }

        set = &made;
    }

    return auth_token_charset_span_ok(set, text.data, text.len);
}


/*
 * Every part is written whatever its value, every text and every list with
 * its length first: no two protocols give the same bytes.  The name is no
 * part of it, nor is what is for the log only.
 */

int
auth_token_protocol_fingerprint(const auth_token_protocol_t *p,
    auth_token_buf_t *out)
{
    size_t  i;

    auth_token_protocol_number(out, AUTH_TOKEN_PROTOCOL_VERSION);
    auth_token_protocol_syntax(out, &p->token);
    auth_token_protocol_number(out, p->nsteps);

    for (i = 0; i < p->nsteps; i++) {
        auth_token_protocol_step(out, &p->steps[i]);
    }

    return out->failed ? -1 : 0;
}


static void
auth_token_protocol_number(auth_token_buf_t *out, uint64_t n)
{
    size_t         i;
    unsigned char  bytes[sizeof(uint64_t)];

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char) (n >> (8 * i));
    }

    (void) auth_token_buf_add(out, bytes, sizeof(bytes));
}


static void
auth_token_protocol_text(auth_token_buf_t *out, auth_token_str_t text)
{
    auth_token_protocol_number(out, text.len);

    (void) auth_token_buf_add(out, text.data, text.len);
}


static void
auth_token_protocol_syntax(auth_token_buf_t *out,
    const auth_token_syntax_t *syntax)
{
    auth_token_protocol_text(out, syntax->charset);
    auth_token_protocol_number(out, syntax->min);
    auth_token_protocol_number(out, syntax->max);
}


static void
auth_token_protocol_pairs(auth_token_buf_t *out,
    const auth_token_pair_t *pairs, size_t n)
{
    size_t  i;

    auth_token_protocol_number(out, n);

    for (i = 0; i < n; i++) {
        auth_token_protocol_text(out, pairs[i].name);
        auth_token_protocol_text(out, pairs[i].value);
    }
}


static void
auth_token_protocol_conditions(auth_token_buf_t *out,
    const auth_token_condition_t *conditions, size_t n)
{
    size_t                      i, j;
    const auth_token_scalar_t  *value;

    auth_token_protocol_number(out, n);

    for (i = 0; i < n; i++) {
        auth_token_protocol_text(out, conditions[i].pointer);
        auth_token_protocol_number(out, conditions[i].expect);
        auth_token_protocol_number(out, conditions[i].nvalues);

        for (j = 0; j < conditions[i].nvalues; j++) {
            value = &conditions[i].values[j];

            auth_token_protocol_number(out, value->type);
            auth_token_protocol_text(out, value->text);
            auth_token_protocol_number(out, (uint64_t) value->integer);
        }
    }
}


static void
auth_token_protocol_cidrs(auth_token_buf_t *out,
    const auth_token_cidrs_t *cidrs, size_t n)
{
    size_t  i;

    auth_token_protocol_number(out, n);

    for (i = 0; i < n; i++) {
        auth_token_protocol_text(out, cidrs[i].pointer);
        auth_token_protocol_number(out, cidrs[i].empty_is_any);
    }
}


static void
auth_token_protocol_closed(auth_token_buf_t *out,
    const auth_token_closed_t *closed, size_t n)
{
    size_t  i, j;

    auth_token_protocol_number(out, n);

    for (i = 0; i < n; i++) {
        auth_token_protocol_text(out, closed[i].pointer);
        auth_token_protocol_number(out, closed[i].empty_is_nobody);
        auth_token_protocol_number(out, closed[i].nmembers);

        for (j = 0; j < closed[i].nmembers; j++) {
            auth_token_protocol_text(out, closed[i].members[j]);
        }
    }
}


static void
auth_token_protocol_fields(auth_token_buf_t *out,
    const auth_token_field_t *fields, size_t n)
{
    size_t  i;

    auth_token_protocol_number(out, n);

    for (i = 0; i < n; i++) {
        auth_token_protocol_text(out, fields[i].name);
        auth_token_protocol_text(out, fields[i].pointer);
        auth_token_protocol_number(out, fields[i].type);
        auth_token_protocol_number(out, fields[i].required);
    }
}


static void
auth_token_protocol_mapping(auth_token_buf_t *out,
    const auth_token_mapping_t *m)
{
    auth_token_protocol_conditions(out, m->active, m->nactive);
    auth_token_protocol_number(out, m->inactive_is_unknown);
    auth_token_protocol_number(out, m->rest);

    auth_token_protocol_text(out, m->not_before.pointer);
    auth_token_protocol_number(out, m->not_before.forms);
    auth_token_protocol_text(out, m->expires_on.pointer);
    auth_token_protocol_number(out, m->expires_on.forms);

    auth_token_protocol_cidrs(out, m->allow, m->nallow);
    auth_token_protocol_cidrs(out, m->deny, m->ndeny);
    auth_token_protocol_closed(out, m->closed, m->nclosed);
    auth_token_protocol_fields(out, m->fields, m->nfields);

    auth_token_protocol_number(out, m->id);
    auth_token_protocol_syntax(out, &m->id_syntax);
    auth_token_protocol_text(out, m->echo);
}


static void
auth_token_protocol_request(auth_token_buf_t *out,
    const auth_token_step_t *step)
{
    auth_token_protocol_number(out, step->credential);
    auth_token_protocol_text(out, step->method);
    auth_token_protocol_text(out, step->path);
    auth_token_protocol_pairs(out, step->headers, step->nheaders);
    auth_token_protocol_number(out, step->body);
    auth_token_protocol_pairs(out, step->form, step->nform);
    auth_token_protocol_text(out, step->json);
}


static void
auth_token_protocol_step(auth_token_buf_t *out, const auth_token_step_t *step)
{
    size_t  i;

    auth_token_protocol_request(out, step);

    auth_token_protocol_number(out, step->nstatuses);

    for (i = 0; i < step->nstatuses; i++) {
        auth_token_protocol_number(out, step->statuses[i].status);
        auth_token_protocol_number(out, step->statuses[i].outcome);
        auth_token_protocol_number(out, step->statuses[i].bare);
    }

    auth_token_protocol_conditions(out, step->success, step->nsuccess);
    auth_token_protocol_conditions(out, step->refusal, step->nrefusal);
    auth_token_protocol_mapping(out, &step->mapping);

    auth_token_protocol_number(out, step->jwt != NULL);

    if (step->jwt != NULL) {
        auth_token_protocol_text(out, step->jwt->issuer);
        auth_token_protocol_text(out, step->jwt->audience);
        auth_token_protocol_number(out, step->jwt->algs);
    }
}
