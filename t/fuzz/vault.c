/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bodies of the preset "vault": auth/token/lookup.
 */


#include "answers.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return answers_preset("vault", FUZZ_TOKEN, data, size);
}
