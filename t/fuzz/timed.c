/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * What stands between a fuzzer and the target: an input may keep the
 * processor for so long and no longer, as a worker serves nobody meanwhile.
 * Time by the clock is no measure of that on a machine that does other things.
 */


#include <time.h>

#include "fuzz.h"

#undef LLVMFuzzerTestOneInput


/* what else the machine does can slow a program down, but not each time */
#define FUZZ_TRIES  3


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static double
fuzz_clock(void)
{
    struct timespec  ts;

    must(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts) == 0);

    return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}


double
fuzz_timed(const uint8_t *data, size_t size)
{
    int     i;
    double  start, ms, least;

    least = FUZZ_MS + 1;

    for (i = 0; i < FUZZ_TRIES && least > FUZZ_MS; i++) {
        start = fuzz_clock();

        fuzz_one(data, size);

        ms = fuzz_clock() - start;
        least = (i == 0 || ms < least) ? ms : least;
    }

    return least;
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    must(fuzz_timed(data, size) <= FUZZ_MS);

    return 0;
}
