/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * From the records of the first steps to the steps that follow: what their
 * answers are kept under, and whether they can be asked at all.  A step that
 * follows is asked with the id and whatever else was kept before it; tokens
 * may share its answer only if they have all of that in common.
 */

#ifndef _AUTH_TOKEN_SUBJECT_H_INCLUDED_
#define _AUTH_TOKEN_SUBJECT_H_INCLUDED_


#include <stddef.h>

#include "auth_token_buf.h"
#include "auth_token_step.h"


/*
 * Appends what answers of step "n" (1 to p->nsteps) are kept under, by the
 * records before it: the id, alone unless steps from "n" on send more that was
 * kept; then each with its length.  Returns 0, or -1 when the buffer fails.
 */
int auth_token_subject(const auth_token_protocol_t *p, size_t n,
    const auth_token_vars_t *vars, auth_token_buf_t *out);

/*
 * 1 if there is a step whose answers are kept under more than the id.
 */
int auth_token_subject_varies(const auth_token_protocol_t *p);

/*
 * 1 if all that steps after "n" send can be written, as far as it is settled
 * by "vars", the records up to that of step "n"; else 0, which is also the
 * answer where there is no memory.
 */
int auth_token_subject_leads(const auth_token_protocol_t *p, size_t n,
    const auth_token_vars_t *vars);


#endif /* _AUTH_TOKEN_SUBJECT_H_INCLUDED_ */
