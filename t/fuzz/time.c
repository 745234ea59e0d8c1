/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Times: RFC 3339 with its relatives, and numbers from the same bytes.
 */


#include "auth_token_time.h"
#include "fuzz.h"


#define UNTOUCHED  INT64_MIN


typedef int (*read_pt)(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);


static void
check_pair(int rc_down, int64_t down, int rc_up, int64_t up)
{
    must(rc_down == 0 || down == UNTOUCHED);
    must(rc_up == 0 || up == UNTOUCHED);

    /* rounding up may leave the year 9999; nothing else tells them apart */

    must(rc_down == rc_up || (rc_down == 0 && down == AUTH_TOKEN_TIME_MAX));

    if (rc_down == 0) {
        must(down >= AUTH_TOKEN_TIME_MIN && down <= AUTH_TOKEN_TIME_MAX);
    }

    if (rc_up == 0) {
        must(up == down || up == down + 1);
        must(up <= AUTH_TOKEN_TIME_MAX);
    }
}


static int
check_text(read_pt read, const uint8_t *data, size_t size)
{
    int      rc_down, rc_up;
    int64_t  down, up;

    down = UNTOUCHED;
    up = UNTOUCHED;

    rc_down = read(data, size, AUTH_TOKEN_ROUND_DOWN, &down);
    rc_up = read(data, size, AUTH_TOKEN_ROUND_UP, &up);

    check_pair(rc_down, down, rc_up, up);

    return rc_down == 0;
}


static void
check_number(const uint8_t *data)
{
    int      rc_down, rc_up, i;
    double   real;
    int64_t  integer, down, up;

    memcpy(&real, data, sizeof(real));
    memcpy(&integer, data, sizeof(integer));

    down = UNTOUCHED;
    up = UNTOUCHED;

    rc_down = auth_token_time_number(real, AUTH_TOKEN_ROUND_DOWN, &down);
    rc_up = auth_token_time_number(real, AUTH_TOKEN_ROUND_UP, &up);

    check_pair(rc_down, down, rc_up, up);

    for (i = 0; i < 2; i++) {
        down = UNTOUCHED;
        up = UNTOUCHED;

        rc_down = auth_token_time_integer(integer, i, AUTH_TOKEN_ROUND_DOWN,
                                          &down);
        rc_up = auth_token_time_integer(integer, i, AUTH_TOKEN_ROUND_UP, &up);

        check_pair(rc_down, down, rc_up, up);
    }
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int  forms;

    forms = check_text(auth_token_time_rfc3339, data, size)
            + check_text(auth_token_time_local, data, size)
            + check_text(auth_token_time_date, data, size);

    /* no text is of two forms: a zone, no zone, no clock */

    must(forms <= 1);

    if (size >= 8) {
        check_number(data);
    }

    return 0;
}
