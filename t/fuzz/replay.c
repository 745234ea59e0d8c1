/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Runs a fuzz target on files, with any compiler: each argument is a file or
 * a directory of files, and is one line of TAP.  What an input may take of the
 * processor's time is a part of it.
 */


#include <dirent.h>
#include <sys/stat.h>

#include "fuzz.h"


#define REPLAY_MAX  (1 << 20)


static double  replay_slowest;


static int
replay_file(const char *path)
{
    FILE     *f;
    double    ms;
    size_t    size;
    uint8_t  *data;

    static uint8_t  buf[REPLAY_MAX];

    f = fopen(path, "rb");

    if (f == NULL) {
        perror(path);
        return -1;
    }

    size = fread(buf, 1, sizeof(buf), f);

    fclose(f);

    /* of its own size, for the sanitizers */

    data = malloc(size == 0 ? 1 : size);

    must(data != NULL);

    memcpy(data, buf, size);

    ms = fuzz_timed(data, size);

    free(data);

    if (ms > replay_slowest) {
        replay_slowest = ms;
    }

    if (ms > FUZZ_MS) {
        fprintf(stderr, "%s: %.1f ms, more than %d\n", path, ms, FUZZ_MS);
        return -1;
    }

    return 0;
}


/* returns the number of files, or -1 */

static int
replay_dir(const char *path)
{
    int             n;
    DIR            *dir;
    char            file[4096];
    struct dirent  *entry;

    dir = opendir(path);

    if (dir == NULL) {
        perror(path);
        return -1;
    }

    n = 0;

    while (n != -1 && (entry = readdir(dir)) != NULL) {

        if (entry->d_name[0] == '.') {
            continue;
        }

        snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);

        n = replay_file(file) == 0 ? n + 1 : -1;
    }

    closedir(dir);

    return n;
}


int
main(int argc, char **argv)
{
    int          i, n, failed;
    struct stat  st;

    failed = argc < 2;

    for (i = 1; i < argc; i++) {

        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            n = replay_dir(argv[i]);

        } else {
            n = replay_file(argv[i]) == 0 ? 1 : -1;
        }

        /* a corpus that got lost is no success */

        if (n <= 0) {
            failed = 1;
        }

        printf("%sok %d - %s: %d inputs\n", n <= 0 ? "not " : "", i, argv[i],
               n);
    }

    printf("# the slowest took %.1f ms\n1..%d\n", replay_slowest, argc - 1);

    return failed;
}
