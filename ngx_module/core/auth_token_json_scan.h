/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The look at a text of JSON before it is parsed.  For auth_token_json.c.
 */


#ifndef _AUTH_TOKEN_JSON_SCAN_H_INCLUDED_
#define _AUTH_TOKEN_JSON_SCAN_H_INCLUDED_


#include "auth_token_str.h"


/* why the text is not to be parsed, a static text; NULL: it may be */
const char *auth_token_json_scan(auth_token_str_t text);


#endif /* _AUTH_TOKEN_JSON_SCAN_H_INCLUDED_ */
