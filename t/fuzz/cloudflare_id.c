/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Bodies of the preset "cloudflare_id": details by a public id.
 */


#include "answers.h"


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return answers_preset("cloudflare_id", FUZZ_ID, data, size);
}
