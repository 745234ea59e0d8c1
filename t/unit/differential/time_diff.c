/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Reads one text per line, in hex, and prints what the three readers of times
 * make of it, rounded down and up; "-" where it is none.  For time_diff.py.
 */


#include "../../../ngx_module/core/auth_token_time.c"

#include "../guard.h"
#include "hex.h"


typedef int (*parse_pt)(const unsigned char *data, size_t len,
    auth_token_round_e round, int64_t *out);


int
main(void)
{
    char            line[4096];
    size_t          i, len;
    int64_t         out;
    unsigned char  *data;

    static const parse_pt  parse[] = {
        auth_token_time_rfc3339, auth_token_time_local, auth_token_time_date
    };

    while (fgets(line, sizeof(line), stdin) != NULL) {
        len = hex_decode(line, (unsigned char *) line);
        data = guard_copy(line, len);

        for (i = 0; i < 6; i++) {
            if (parse[i / 2](data, len, i % 2 ? AUTH_TOKEN_ROUND_UP
                                              : AUTH_TOKEN_ROUND_DOWN, &out)
                == 0)
            {
                printf("%lld", (long long) out);

            } else {
                putchar('-');
            }

            putchar(i == 5 ? '\n' : ' ');
        }
    }

    return 0;
}
