/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A text parsed as JSON, for the tests of what reads it.
 */


#ifndef _PARSE_H_INCLUDED_
#define _PARSE_H_INCLUDED_


#include "auth_token_json.h"
#include "protocol.h"


/* the value of a text that has to be JSON */

shared auth_token_json_t *
parse(const char *text)
{
    const char         *reason;
    auth_token_json_t  *root;

    root = auth_token_json_parse(guarded(text), 1, &reason);

    if (root == NULL) {
        fprintf(stderr, "%s: %s\n", reason, text);
        exit(2);
    }

    return root;
}


#endif /* _PARSE_H_INCLUDED_ */
