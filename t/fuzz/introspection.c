/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bodies of the preset "introspection": RFC 7662.
 */


#include "answers.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return answers_preset("introspection", FUZZ_TOKEN, data, size);
}
