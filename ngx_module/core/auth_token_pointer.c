/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Splits JSON pointers into steps.  A member whose name is a lone "*" cannot
 * be named: the step always is the wildcard.
 */


#include "auth_token_pointer.h"


/* more digits than any array here has elements */
#define AUTH_TOKEN_POINTER_DIGITS  9


static int auth_token_pointer_put(auth_token_pointer_step_t *step,
    unsigned char c);


const char *
auth_token_pointer_check(auth_token_str_t pointer, size_t max_any)
{
    int                        rc;
    size_t                     any, steps;
    auth_token_pointer_step_t  step;

    any = 0;
    steps = 0;

    for ( ;; ) {
        rc = auth_token_pointer_next(&pointer, &step);

        if (rc == 0) {
            return NULL;
        }

        if (rc == -1) {
            return "is not a JSON pointer";
        }

        if (++steps > AUTH_TOKEN_POINTER_MAX_STEPS) {
            return "has too many steps";
        }

        any += step.any != 0;

        if (any > max_any) {
            return max_any ? "has too many \"*\" steps"
                           : "must not have a \"*\" step";
        }
    }
}


int
auth_token_pointer_next(auth_token_str_t *rest,
    auth_token_pointer_step_t *step)
{
    size_t         i;
    unsigned char  c;

    if (rest->len == 0) {
        return 0;
    }

    if (rest->data[0] != '/') {
        return -1;
    }

    step->len = 0;

    for (i = 1; i < rest->len && rest->data[i] != '/'; i++) {
        c = rest->data[i];

        if (c == '~') {
            if (++i == rest->len
                || (rest->data[i] != '0' && rest->data[i] != '1'))
            {
                return -1;
            }

            c = rest->data[i] == '0' ? '~' : '/';
        }

        if (auth_token_pointer_put(step, c) != 0) {
            return -1;
        }
    }

    step->name[step->len] = '\0';
    step->any = i == 2 && step->name[0] == '*';

    rest->data += i;
    rest->len -= i;

    return 1;
}


int
auth_token_pointer_index(const auth_token_pointer_step_t *step, size_t *index)
{
    size_t  i, n;

    if (step->len == 0
        || step->len > AUTH_TOKEN_POINTER_DIGITS
        || (step->len > 1 && step->name[0] == '0'))
    {
        return -1;
    }

    n = 0;

    for (i = 0; i < step->len; i++) {
        if (step->name[i] < '0' || step->name[i] > '9') {
            return -1;
        }

        n = n * 10 + (size_t) (step->name[i] - '0');
    }

    *index = n;

    return 0;
}


int
auth_token_pointer_has_any(auth_token_str_t pointer)
{
    auth_token_pointer_step_t  step;

    while (auth_token_pointer_next(&pointer, &step) == 1) {
        if (step.any) {
            return 1;
        }
    }

    return 0;
}


static int
auth_token_pointer_put(auth_token_pointer_step_t *step, unsigned char c)
{
    /* names are compared as C strings further on */

    if (c == '\0' || step->len == AUTH_TOKEN_POINTER_MAX_STEP) {
        return -1;
    }

    step->name[step->len++] = (char) c;

    return 0;
}
