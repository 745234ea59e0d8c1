/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * One answer to a step, and what must hold of the result whatever came.
 */


#ifndef _ANSWERS_H_INCLUDED_
#define _ANSWERS_H_INCLUDED_


#include "auth_token_answer.h"
#include "readers.h"


/* the record that an earlier step left, {"id": FUZZ_ID}, to be freed */

static inline void
answers_earlier(auth_token_buf_t *b)
{
    int64_t             mark;
    auth_token_buf_t    doc;
    auth_token_facts_t  facts;

    memset(&facts, 0, sizeof(facts));
    auth_token_buf_init(&doc, 1024);
    auth_token_buf_init(b, 1024);

    mark = auth_token_doc_open(&doc, AUTH_TOKEN_DOC_OBJECT);
    auth_token_doc_add_key(&doc, "id", 2);
    auth_token_doc_add_string(&doc, FUZZ_ID, sizeof(FUZZ_ID) - 1);
    must(auth_token_doc_close(&doc, mark) == 0);

    facts.doc = auth_token_buf_str(&doc);

    must(auth_token_record_build(&facts, b) == 0);

    auth_token_buf_free(&doc);
}


static inline int
answers_holds(auth_token_str_t where, auth_token_str_t what)
{
    size_t  i;

    for (i = 0; i + what.len <= where.len; i++) {
        if (memcmp(where.data + i, what.data, what.len) == 0) {
            return 1;
        }
    }

    return 0;
}


/* what an answer did to "record" (with the token as a whole string value) */

static inline void
answers_check(const auth_token_step_t *step, auth_token_str_t token,
    auth_token_outcome_e outcome, const char *reason,
    const auth_token_buf_t *record)
{
    auth_token_str_t            id;
    const auth_token_record_t  *r;

    if (outcome != AUTH_TOKEN_OUTCOME_RECORD) {
        must(outcome == AUTH_TOKEN_OUTCOME_UNKNOWN
             || outcome == AUTH_TOKEN_OUTCOME_UNAVAILABLE);
        must(record->len == 0);

        return;
    }

    must(reason == NULL);
    must(record->len != 0);

    r = (const auth_token_record_t *) record->data;

    must(auth_token_record_valid(r, record->len));

    id = auth_token_record_field(r, "id");

    switch (step->mapping.id) {

    case AUTH_TOKEN_ID_TOKEN:
        must(auth_token_str_eq(&id, &token));
        break;

    case AUTH_TOKEN_ID_EARLIER:
        must(auth_token_str_eq_lit(&id, FUZZ_ID));
        break;

    default:
        break;
    }

    if (!step->mapping.inactive_is_unknown) {
        readers_record(r, record->len);
        return;
    }

    must(r->flags & AUTH_TOKEN_RECORD_ACTIVE);
    readers_record(r, record->len);
}


static inline void
answers_try(const auth_token_step_t *step, const auth_token_answer_t *answer,
    auth_token_str_t token)
{
    auth_token_buf_t            record, earlier;
    auth_token_vars_t           vars;
    auth_token_result_t         result;
    const auth_token_record_t  *records[1];

    answers_earlier(&earlier);
    auth_token_buf_init(&record, 65536);

    records[0] = (const auth_token_record_t *) earlier.data;

    vars.token = token;
    vars.records = records;
    vars.nrecords = 1;

    auth_token_answer_read(step, answer, &vars, FUZZ_NOW, &record, &result);

    must(result.retry_after >= -1 && result.ratelimit_remaining >= -1
         && result.ratelimit_reset >= -1);
    must(result.outcome == AUTH_TOKEN_OUTCOME_RECORD || result.reason);
    must(result.outcome != AUTH_TOKEN_OUTCOME_RECORD || answer->status == 200);

    answers_check(step, token, result.outcome, result.reason, &record);

    auth_token_buf_free(&record);
    auth_token_buf_free(&earlier);
}


/* a body of status 200 for each step of a preset */

static inline int
answers_preset(const char *name, const char *token, const uint8_t *data,
    size_t size)
{
    size_t                        i;
    auth_token_answer_t           answer;
    const auth_token_protocol_t  *p;

    p = auth_token_preset_find(fuzz_str(name));
    must(p != NULL);

    answer.status = 200;
    answer.headers = fuzz_str("Content-Type: application/json\r\n");
    answer.body = fuzz_exact(data, size);

    for (i = 0; i < p->nsteps; i++) {
        answers_try(&p->steps[i], &answer, fuzz_str(token));
    }

    fuzz_done();

    return 0;
}


#endif /* _ANSWERS_H_INCLUDED_ */
