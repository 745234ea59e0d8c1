/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Whole answers: a byte that chooses preset and step, a line with the status,
 * the head up to a NUL, the body.
 */


#include "answers.h"


static const auth_token_step_t *
step_of(unsigned n, const char **token)
{
    const auth_token_protocol_t  *p;

    static const char *const  names[] = {
        "cloudflare", "cloudflare_id", "introspection"
    };

    p = auth_token_preset_find(fuzz_str(names[n % 3]));
    must(p != NULL);

    *token = n % 3 == 1 ? FUZZ_ID : FUZZ_TOKEN;

    return &p->steps[n / 3 % p->nsteps];
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t                    i;
    const char               *token;
    auth_token_str_t          line;
    auth_token_answer_t       answer;
    const auth_token_step_t  *step;

    step = step_of(fuzz_byte(&data, &size), &token);

    line = fuzz_line(&data, &size);
    answer.status = 0;

    for (i = 0; i < line.len && i < 4; i++) {
        answer.status = answer.status * 10 + line.data[i] - '0';
    }

    answer.headers = fuzz_until(&data, &size, '\0');
    answer.body = fuzz_exact(data, size);

    answers_try(step, &answer, fuzz_str(token));

    fuzz_done();

    return 0;
}
