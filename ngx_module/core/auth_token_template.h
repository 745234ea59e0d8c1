/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Text with variables ($token, $id, ${name}) that are escaped for the place
 * the text stands in, so that no value can end it: the only way by which
 * anything of a client gets into a request to the authority.
 */

#ifndef _AUTH_TOKEN_TEMPLATE_H_INCLUDED_
#define _AUTH_TOKEN_TEMPLATE_H_INCLUDED_


#include "auth_token_buf.h"
#include "auth_token_escape.h"
#include "auth_token_step.h"
#include "auth_token_str.h"


/*
 * Checks a template at configuration time.  Returns NULL, or what is wrong
 * with it as static text.  PATH is empty or starts with "/" or "?".
 */
const char *auth_token_template_check(auth_token_str_t text,
    auth_token_place_e place);

/*
 * Takes the next variable's name, borrowed, of the template "rest", which is
 * moved past it.  Returns 1, or 0: there is none, or it is no template.
 */
int auth_token_template_variable(auth_token_str_t *rest,
    auth_token_str_t *name);

/*
 * Appends the expanded text.  Returns 0, or -1: not a template, the buffer
 * failed, or a variable is absent, empty or cannot stand there.  Constant
 * text is escaped in FORM only.
 */
int auth_token_template_expand(auth_token_str_t text,
    auth_token_place_e place, const auth_token_vars_t *vars,
    auth_token_buf_t *out);

/*
 * The value of a variable: "token", else a string member of the latest
 * record's document that has a member of this name.  Length 0: none.
 */
auth_token_str_t auth_token_template_value(auth_token_str_t name,
    const auth_token_vars_t *vars);


#endif /* _AUTH_TOKEN_TEMPLATE_H_INCLUDED_ */
