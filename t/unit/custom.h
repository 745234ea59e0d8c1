/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * A mapping such as administrators declare, for the tests of mappings.
 */


#ifndef _CUSTOM_H_INCLUDED_
#define _CUSTOM_H_INCLUDED_


#include "apply.h"


/* lists by "*", an empty list that admits anybody, several restrictions */

static const auth_token_cidrs_t  custom_allow[] = {
    { auth_token_str("/bound_cidrs"), 1 },
    { auth_token_str("/nets/*/cidr"), 0 }
};


static const auth_token_field_t  custom_fields[] = {
    { auth_token_str("id"), auth_token_str("/id"), AUTH_TOKEN_FIELD_LABEL,
      0 },
    { auth_token_str("permissions"), auth_token_str("/p/*/g/*/n"),
      AUTH_TOKEN_FIELD_WORDS, 0 },
    { auth_token_str("scopes"), auth_token_str("/scopes"),
      AUTH_TOKEN_FIELD_WORDS, 0 },
    { auth_token_str("meta"), auth_token_str("/meta"), AUTH_TOKEN_FIELD_ANY,
      0 }
};


static const auth_token_mapping_t  custom = {
    .nallow = 2,
    .allow = custom_allow,
    .nfields = 4,
    .fields = custom_fields
};


#endif /* _CUSTOM_H_INCLUDED_ */
