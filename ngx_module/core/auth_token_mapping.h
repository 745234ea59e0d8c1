/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * From the JSON of an answer to the facts of a record, by the rules of a
 * step.  A member that a rule names and that is not what the rule expects
 * makes the whole answer unusable: it may have been a restriction.
 */

#ifndef _AUTH_TOKEN_MAPPING_H_INCLUDED_
#define _AUTH_TOKEN_MAPPING_H_INCLUDED_


#include <stddef.h>
#include <stdint.h>

#include "auth_token_buf.h"
#include "auth_token_json.h"
#include "auth_token_step.h"
#include "auth_token_time.h"


/* compiled address sets; their memory is owned */

typedef struct {
    size_t            n;
    auth_token_str_t  set[AUTH_TOKEN_RECORD_MAX_SETS];
} auth_token_sets_t;


/*
 * Builds the record in the empty buffer "record" (RECORD).  UNKNOWN: not
 * active, where the mapping says that this means unknown.  Otherwise the
 * result is UNAVAILABLE and "reason" is static text.
 */
auth_token_outcome_e auth_token_mapping_apply(const auth_token_mapping_t *m,
    const auth_token_json_t *root, const auth_token_vars_t *vars,
    auth_token_buf_t *record, const char **reason);

/*
 * The parts of it; each returns NULL or, as static text, why the answer is
 * unusable.  A time sets "*present"; closed objects set "*nobody" if one of
 * them is empty where that admits nobody.
 */
const char *auth_token_mapping_when(const auth_token_when_t *when,
    const auth_token_json_t *root, auth_token_round_e round, int *present,
    int64_t *out);
const char *auth_token_mapping_closed(const auth_token_mapping_t *m,
    const auth_token_json_t *root, int *nobody);
const char *auth_token_mapping_doc(const auth_token_mapping_t *m,
    const auth_token_json_t *root, auth_token_str_t secret,
    auth_token_buf_t *doc);

/*
 * Add the set of one rule, if its list is present; add the empty set.  To be
 * freed after either result.
 */
const char *auth_token_sets_read(auth_token_sets_t *sets,
    const auth_token_cidrs_t *rule, const auth_token_json_t *root);
const char *auth_token_sets_nobody(auth_token_sets_t *sets);
void auth_token_sets_free(auth_token_sets_t *sets);


#endif /* _AUTH_TOKEN_MAPPING_H_INCLUDED_ */
