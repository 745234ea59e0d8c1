/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Judges answers by status and form.  The result starts as UNAVAILABLE; only
 * a status that the step lists, with a body of the form that goes with it,
 * makes it anything else.  The authority's error codes are for the log.
 */


#include "auth_token_answer.h"
#include "auth_token_condition.h"
#include "auth_token_header.h"
#include "auth_token_json.h"
#include "auth_token_mapping.h"


static const auth_token_status_t *auth_token_answer_rule(
    const auth_token_step_t *step, long status);
static void auth_token_answer_status(const auth_token_status_t *rule,
    long status, auth_token_result_t *result);
static const char *auth_token_answer_head(const auth_token_answer_t *answer,
    int64_t now, int jwt, auth_token_result_t *result);
static auth_token_str_t auth_token_answer_text(
    const auth_token_answer_t *answer, int jwt, const char **error);
static int64_t auth_token_answer_code(const auth_token_step_t *step,
    const auth_token_json_t *root);
static void auth_token_answer_body(const auth_token_step_t *step,
    const auth_token_status_t *rule, const auth_token_json_t *root,
    const auth_token_vars_t *vars, int64_t now, auth_token_buf_t *record,
    auth_token_result_t *result);
static void auth_token_answer_refuse(auth_token_result_t *result,
    const char *reason);


void
auth_token_answer_read(const auth_token_step_t *step,
    const auth_token_answer_t *answer, const auth_token_vars_t *vars,
    int64_t now, auth_token_buf_t *record, auth_token_result_t *result)
{
    int                         jwt;
    const char                 *error;
    auth_token_str_t            text = { 0, NULL };
    auth_token_json_t          *root;
    const auth_token_status_t  *rule;

    memset(result, 0, sizeof(auth_token_result_t));

    result->retry_after = -1;
    result->ratelimit_remaining = -1;
    result->ratelimit_reset = -1;

    rule = auth_token_answer_rule(step, answer->status);

    auth_token_answer_status(rule, answer->status, result);

    /* who refuses does not sign: RFC 9701, 5 */

    jwt = step->jwt != NULL && rule != NULL
          && rule->outcome == AUTH_TOKEN_OUTCOME_RECORD;

    root = NULL;
    error = auth_token_answer_head(answer, now, jwt, result);

    if (error == NULL) {
        text = auth_token_answer_text(answer, jwt, &error);
    }

    if (error == NULL) {
        root = auth_token_json_parse(text, 0, &error);
    }

    if (root != NULL) {
        result->code = auth_token_answer_code(step, root);
    }

    if (rule == NULL) {
        /* the status has said all there is to know */

    } else if (rule->bare && rule->outcome != AUTH_TOKEN_OUTCOME_RECORD) {
        result->outcome = rule->outcome;

    } else if (root == NULL) {
        auth_token_answer_refuse(result, error);

    } else {
        auth_token_answer_body(step, rule, root, vars, now, record, result);
    }

    if (result->outcome != AUTH_TOKEN_OUTCOME_RECORD) {
        auth_token_buf_reset(record);
    }

    auth_token_json_free(root);
}


static const auth_token_status_t *
auth_token_answer_rule(const auth_token_step_t *step, long status)
{
    size_t  i;

    for (i = 0; i < step->nstatuses; i++) {
        if ((long) step->statuses[i].status == status) {
            return &step->statuses[i];
        }
    }

    return NULL;
}


static void
auth_token_answer_status(const auth_token_status_t *rule, long status,
    auth_token_result_t *result)
{
    if (rule != NULL) {
        result->reason = rule->reason;
        result->health = rule->health;
        result->credential = rule->credential;

    } else if (status == 429) {
        result->reason = "the authority asks us to wait";
        result->health = 1;

    } else if (status >= 500 && status <= 599) {
        result->reason = "the authority failed";
        result->health = 1;

    } else if (status >= 300 && status <= 399) {
        result->reason = "the authority redirects, which is not followed";

    } else if (status == 0) {
        result->reason = "the authority did not answer";
        result->health = 1;

    } else {
        result->reason = "the authority answered with an unexpected status";
    }
}


/* returns why the body cannot be read, or NULL */

static const char *
auth_token_answer_head(const auth_token_answer_t *answer, int64_t now,
    int jwt, auth_token_result_t *result)
{
    auth_token_header_t  head;

    if (answer->headers.len > AUTH_TOKEN_ANSWER_MAX_HEADERS
        || auth_token_header_read(answer->headers, now, &head) != 0)
    {
        return "the header of the answer is malformed";
    }

    result->retry_after = head.retry_after;
    result->ratelimit_remaining = head.remaining;
    result->ratelimit_reset = head.reset;

    if (head.encoded) {
        return "the answer has a content encoding";
    }

    if (jwt && !head.jwt) {
        return "the content type of the answer is not that of a signed one";
    }

    if (!jwt && !head.json) {
        return "the content type of the answer is not JSON";
    }

    return NULL;
}


static auth_token_str_t
auth_token_answer_text(const auth_token_answer_t *answer, int jwt,
    const char **error)
{
    if (!jwt) {
        return answer->body;
    }

    if (answer->claims.len == 0) {
        *error = answer->unverified ? answer->unverified
                                    : "the answer was not verified";
    }

    return answer->claims;
}


static int64_t
auth_token_answer_code(const auth_token_step_t *step,
    const auth_token_json_t *root)
{
    const auth_token_json_t  *v;

    if (step->code.len == 0
        || auth_token_json_find(root, step->code, &v)
           == AUTH_TOKEN_JSON_WRONG)
    {
        return 0;
    }

    /* 0 for what is no integer */

    return auth_token_json_integer(v);
}


static void
auth_token_answer_body(const auth_token_step_t *step,
    const auth_token_status_t *rule, const auth_token_json_t *root,
    const auth_token_vars_t *vars, int64_t now, auth_token_buf_t *record,
    auth_token_result_t *result)
{
    const char  *reason;

    if (rule->outcome != AUTH_TOKEN_OUTCOME_RECORD) {
        if (!auth_token_conditions_hold(step->refusal, step->nrefusal, root)) {
            auth_token_answer_refuse(result,
                                     "the answer has not the form of the "
                                     "authority's refusals");
            return;
        }

        result->outcome = rule->outcome;

        return;
    }

    if (step->jwt != NULL) {
        reason = auth_token_signed_claims(step->jwt, root, now, &root);

        if (reason != NULL) {
            auth_token_answer_refuse(result, reason);
            return;
        }
    }

    if (!auth_token_conditions_hold(step->success, step->nsuccess, root)) {
        auth_token_answer_refuse(result,
                                 "the answer has not the form of a success");
        return;
    }

    result->outcome = auth_token_mapping_apply(&step->mapping, root, vars,
                                               record, &reason);
    result->reason = reason;
}


/* who sent this is not known, so it tells nothing about the credential */

static void
auth_token_answer_refuse(auth_token_result_t *result, const char *reason)
{
    result->outcome = AUTH_TOKEN_OUTCOME_UNAVAILABLE;
    result->reason = reason;
    result->credential = 0;
}
