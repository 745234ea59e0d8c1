/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bodies of the preset "cloudflare": verification and details of a token.
 */


#include "answers.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return answers_preset("cloudflare", FUZZ_TOKEN, data, size);
}
