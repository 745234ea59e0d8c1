/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * Measures how workers get into each other's way in the shared zone: 1, 2 and
 * 4 processes that do nothing but hit, on the module's own code.
 *
 *     contention [SECONDS]
 *
 * "one lock" is the zone alone, "8 locks" are eight zones among which keys are
 * divided, "copies" is what the module does: see ngx_http_auth_token_copy.c.
 *
 * For each run, hits a second of all processes, processor time for one, the
 * share of acquisitions that found the lock taken, and, in a run of its own as
 * the clock costs as much as what it measures, how long it is held and waited
 * for.
 */


#define _GNU_SOURCE

#include <sys/wait.h>

#include "../t/unit/zone/cloudflare.h"


#define CONTENTION_TOKENS     500
#define CONTENTION_PROCESSES  4
#define CONTENTION_SHARDS     8
#define CONTENTION_TOKEN      53

/* one in so many requests stores a token that was not known */
#define CONTENTION_MISSES     100


typedef ngx_int_t (*contention_query_pt)(zone_query_t *q);


/* shared by the processes of a run */

typedef struct {
    volatile int        go;
    volatile int        end;
    uint64_t            hits[CONTENTION_PROCESSES];
    uint64_t            cpu[CONTENTION_PROCESSES];      /* ns */
    uint64_t            lost[CONTENTION_PROCESSES];
    contention_mutex_t  mutex[CONTENTION_PROCESSES];
} contention_t;


typedef struct {
    const char          *name;
    int                  shards;
    contention_query_pt  query;
} contention_design_t;


static contention_t      *contention;
static zone_t            *contention_zones[CONTENTION_SHARDS];
static uint64_t           contention_seed;
static auth_token_str_t   contention_verify[CONTENTION_TOKENS];
static auth_token_str_t   contention_details[CONTENTION_TOKENS];
static ngx_str_t          contention_subjects[CONTENTION_TOKENS];


static const contention_design_t  contention_designs[] = {
    { "one lock", 1, ngx_http_auth_token_cache_locked },
    { "8 locks", CONTENTION_SHARDS, ngx_http_auth_token_cache_locked },
    { "copies", 1, ngx_http_auth_token_cache_query },
    { NULL, 0, NULL }
};


static unsigned
contention_random(unsigned n)
{
    contention_seed = contention_seed * 6364136223846793005u
                      + 1442695040888963407u;

    return (unsigned) (contention_seed >> 33) % n;
}


/* the key of a token as the module makes it */

static zone_key_t
contention_key(zone_t *zone, int n)
{
    zone_key_t  key;

    static u_char  fingerprint[NGX_HTTP_AUTH_TOKEN_FINGERPRINT_LEN];

    ngx_http_auth_token_zone_digest(zone, 0, 0, fingerprint,
                                    &contention_subjects[n], &key);
    return key;
}


/* the zone of a subject: as good as its key, which belongs to a zone */

static zone_t *
contention_zone(const contention_design_t *design, int step, int n)
{
    uint64_t  hash;

    hash = ((uint64_t) n * 2 + (uint64_t) step + 1) * 0x9e3779b97f4a7c15;

    return contention_zones[(hash >> 40) % (uint64_t) design->shards];
}


static void
contention_store(const contention_design_t *design, int n)
{
    zone_t      *zone;
    zone_key_t   key, link;

    zone = contention_zone(design, 1, n);
    link = zone_key_of(zone, 0, 1, n);

    (void) zone_put(zone, link, contention_details[n % CONTENTION_TOKENS],
                    NULL, 1);

    zone = contention_zone(design, 0, n);
    key = (n < CONTENTION_TOKENS) ? contention_key(zone, n)
                                  : zone_key_of(zone, 0, 0, n);

    (void) zone_put(zone, key, contention_verify[n % CONTENTION_TOKENS],
                    &link, 1);
}


/* a request with a known token, as the module does it; 1: hit */

static int
contention_hit(const contention_design_t *design, int n)
{
    int           step;
    zone_query_t  q;

    zone_pool.used = 0;

    ngx_memzero(&q, offsetof(zone_query_t, hits));

    q.lives = &zone_lives;
    q.addr = &zone_addr;
    q.pool = &zone_pool;
    q.now = zone_now;
    q.nsteps = 2;
    q.zone = contention_zone(design, 0, n);
    q.key = contention_key(q.zone, n);

    if (design->shards == 1) {
        return design->query(&q) == NGX_OK && q.state == ZONE_HIT
               && q.nhits == 2;
    }

    /* the steps of a token lie in zones of their own */

    for (step = 0; step < 2; step++) {
        q.nsteps = 1;

        if (design->query(&q) != NGX_OK || q.state != ZONE_HIT) {
            return 0;
        }

        q.zone = contention_zone(design, 1, n);
        q.key = q.hits[0].link;
    }

    return 1;
}


static void
contention_process(const contention_design_t *design, int number, int misses)
{
    int       n;
    uint64_t  hits, lost, fresh;

    ngx_pid = getpid();
    contention_seed = (uint64_t) number * 7919 + 1;
    contention_mutex = (contention_mutex_t) { .taken = 0 };

    hits = 0;
    lost = 0;
    fresh = (uint64_t) number << 24;

    while (!contention->go) {
        ngx_cpu_pause();
    }

    while (!contention->end) {

        /* the clock as nginx has it: not read for each request */

        if ((hits & 63) == 0) {
            zone_now = contention_ns() / 1000000;
        }

        /* one record may be stored among so many hits */

        if (misses && contention_random(CONTENTION_MISSES) == 0) {
            contention_store(design, (int) (CONTENTION_TOKENS + fresh++));
            continue;
        }

        n = (int) contention_random(CONTENTION_TOKENS);

        if (contention_hit(design, n)) {
            hits++;

        } else {
            lost++;
        }
    }

    contention->hits[number] = hits;
    contention->cpu[number] = contention_clock(CLOCK_PROCESS_CPUTIME_ID);
    contention->lost[number] = lost;
    contention->mutex[number] = contention_mutex;

    _exit(0);
}


static void
contention_add(contention_times_t *to, contention_times_t *from)
{
    int  i;

    to->n += from->n;
    to->sum += from->sum;

    for (i = 0; i < CONTENTION_BUCKETS; i++) {
        to->count[i] += from->count[i];
    }
}


/* runs the processes; fills "mutex" with the sum; returns hits a second */

static double
contention_run(const contention_design_t *design, int processes, int misses,
    double seconds, contention_mutex_t *mutex, double *cpu)
{
    int       i, status;
    pid_t     pid[CONTENTION_PROCESSES];
    uint64_t  hits, lost, used, begun;

    memset(contention, 0, sizeof(contention_t));

    for (i = 0; i < processes; i++) {
        fflush(stdout);
        pid[i] = fork();

        if (pid[i] == 0) {
            contention_process(design, i, misses);
        }
    }

    begun = contention_ns();
    contention->go = 1;

    usleep((useconds_t) (seconds * 1e6));

    contention->end = 1;
    seconds = (double) (contention_ns() - begun) / 1e9;

    hits = 0;
    lost = 0;
    used = 0;
    memset(mutex, 0, sizeof(contention_mutex_t));

    for (i = 0; i < processes; i++) {

        if (waitpid(pid[i], &status, 0) != pid[i] || status != 0) {
            fprintf(stderr, "a process failed\n");
            exit(1);
        }

        hits += contention->hits[i];
        lost += contention->lost[i];
        used += contention->cpu[i];
        mutex->taken += contention->mutex[i].taken;
        mutex->contended += contention->mutex[i].contended;
        contention_add(&mutex->held, &contention->mutex[i].held);
        contention_add(&mutex->waited, &contention->mutex[i].waited);
    }

    /*
     * Known tokens that are not answered would make any design look fast; new
     * ones pass through the zone in seconds and take a few of them along.
     */

    if (hits == 0 || lost > hits / (misses ? 50 : 1000)) {
        fprintf(stderr, "%llu of %llu requests missed\n",
                (unsigned long long) lost, (unsigned long long) (hits + lost));
        exit(1);
    }

    *cpu = (double) used / (double) hits;

    return (double) hits / seconds;
}


static void
contention_row(const contention_design_t *design, int processes, int misses,
    double seconds, double clock)
{
    double              rate, hits, cpu, unused;
    contention_mutex_t  counted, timed;

    contention_timed = 0;
    rate = contention_run(design, processes, misses, seconds, &counted,
                          &cpu);

    contention_timed = 1;
    hits = contention_run(design, processes, misses, seconds, &timed, &unused)
           * seconds;
    contention_timed = 0;

    printf("| %-8s | %d | %d %% | %10.0f | %6.0f | %7.3f %% | %5.0f | %5llu "
           "| %5.0f | %8llu |\n",
           design->name, processes, misses ? 100 / CONTENTION_MISSES : 0,
           rate, cpu,
           counted.taken ? 100.0 * (double) counted.contended
                           / (double) counted.taken : 0,
           timed.held.n ? ((double) timed.held.sum
                           - clock * (double) timed.held.n) / hits : 0,
           (unsigned long long) contention_share(&timed.held, 0.99),
           timed.waited.n ? (double) timed.waited.sum
                            / (double) timed.waited.n - clock : 0,
           (unsigned long long) contention_share(&timed.waited, 0.9999));
    fflush(stdout);
}


/* what two looks at the clock, one after the other, are apart */

static double
contention_clock_cost(void)
{
    int       i;
    uint64_t  sum, begun;

    sum = 0;

    for (i = 0; i < 1000000; i++) {
        begun = contention_ns();
        sum += contention_ns() - begun;
    }

    return (double) sum / 1000000;
}


int
main(int argc, char **argv)
{
    int                         i, processes, misses;
    double                      seconds, clock;
    const contention_design_t  *design;

    seconds = (argc > 1) ? strtod(argv[1], NULL) : 1;

    if (!(seconds > 0) || seconds > 60) {
        fprintf(stderr, "usage: contention [SECONDS]\n");
        return 2;
    }

    ngx_ncpu = sysconf(_SC_NPROCESSORS_ONLN);
    clock = contention_clock_cost();

    zone_lives.valid = 3600000;
    zone_now = contention_ns() / 1000000;

    contention = mmap(NULL, sizeof(contention_t), PROT_READ|PROT_WRITE,
                      MAP_ANON|MAP_SHARED, -1, 0);

    for (i = 0; i < CONTENTION_TOKENS; i++) {
        contention_subjects[i].len = CONTENTION_TOKEN;
        contention_subjects[i].data = malloc(CONTENTION_TOKEN + 1);
        snprintf((char *) contention_subjects[i].data, CONTENTION_TOKEN + 1,
                 "cfut_%0*d", CONTENTION_TOKEN - 5, i);

        contention_verify[i] = cloudflare_record(i, 0, 0);
        contention_details[i] = cloudflare_record(i, 1, 4);
    }

    printf("%d processors, %d tokens of two records, %s mutex, "
           "the clock costs %.0f ns\n\n"
           "cpu: for a hit; held: under the lock, for a hit and what goes "
           "with it, and p99 of\neach time; wait: for the lock, mean and "
           "p99.99 of those who took it; all in ns\n\n"
           "| design   | n | miss |     hits/s |    cpu |  contended |  held "
           "|   p99 |  wait |   p99.99 |\n"
           "| -------- | - | ---- | ---------- | ------ | ---------- | ----- "
           "| ----- | ----- | -------- |\n",
           (int) ngx_ncpu, CONTENTION_TOKENS,
#ifdef NGINX_SHIM_REAL
           "nginx's own",
#else
           "a stand-in for nginx's",
#endif
           clock);

    for (misses = 0; misses < 2; misses++) {
        for (design = contention_designs; design->name; design++) {

            for (i = 0; i < design->shards; i++) {
                contention_zones[i] = zone_new((size_t) (16 << 20)
                                               / (size_t) design->shards);
            }

            for (i = 0; i < CONTENTION_TOKENS; i++) {
                contention_store(design, i);
            }

            for (processes = 1; processes <= CONTENTION_PROCESSES;
                 processes *= 2)
            {
                contention_row(design, processes, misses, seconds, clock);
            }
        }
    }

    return 0;
}
