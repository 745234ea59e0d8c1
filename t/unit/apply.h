/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * One answer by one mapping, for the tests of mappings.
 */


#ifndef _APPLY_H_INCLUDED_
#define _APPLY_H_INCLUDED_


#include "auth_token_mapping.h"
#include "parse.h"


#define UNAVAILABLE  AUTH_TOKEN_OUTCOME_UNAVAILABLE
#define UNKNOWN      AUTH_TOKEN_OUTCOME_UNKNOWN
#define RECORD       AUTH_TOKEN_OUTCOME_RECORD

#define NB   AUTH_TOKEN_RECORD_HAS_NOT_BEFORE
#define EXP  AUTH_TOKEN_RECORD_HAS_EXPIRES_ON
#define ACT  AUTH_TOKEN_RECORD_ACTIVE


/* what a mapping makes of an answer; the record is left in "record" */

shared auth_token_outcome_e
apply(const auth_token_mapping_t *m, const char *text, const char *token,
    const auth_token_record_t *earlier, auth_token_buf_t *record)
{
    const char                 *reason;
    auth_token_json_t          *root;
    auth_token_vars_t           vars;
    auth_token_outcome_e        outcome;
    const auth_token_record_t  *records[1];

    root = parse(text);

    records[0] = earlier;
    vars.token = str_of(token);
    vars.records = records;
    vars.nrecords = 1;

    reason = "untouched";
    outcome = auth_token_mapping_apply(m, root, &vars, record, &reason);

    if ((outcome == RECORD) != (reason == NULL)
        || (outcome == RECORD) != (record->len != 0))
    {
        ok(0, "a reason exactly where there is no record: %s", text);
    }

    auth_token_json_free(root);

    return outcome;
}


shared int
admits(const auth_token_buf_t *record, const char *addr)
{
    auth_token_addr_t  a;

    a = addr_of(addr);

    return auth_token_record_address(record_of(record), &a)
           == AUTH_TOKEN_ADDRESS_ADMITTED;
}


#endif /* _APPLY_H_INCLUDED_ */
