/*
 * Copyright (C) The ngx_http_auth_token_module authors
 */

/*
 * The budget and the breaker of a provider, as functions of the time.
 */


#include "zone.h"


static ngx_http_auth_token_slot_t   slot;
static ngx_http_auth_token_limit_t  limit;
static zone_flight_t                f;
static ngx_uint_t                   after;
static ngx_msec_t                   now = 1000000000;


static int
take(int stranger)
{
    f.known = !stranger;

    return ngx_http_auth_token_limit_take(&slot, &limit, &f, now, now + 5000,
                                          &after)
           == NGX_OK;
}


static int
take_many(int n)
{
    int  i, taken;

    for (taken = 0, i = 0; i < n; i++) {
        taken += take(0);
    }

    return taken;
}


static void
reset(ngx_uint_t rate, ngx_uint_t burst, ngx_uint_t breaker)
{
    memset(&slot, 0, sizeof(slot));
    memset(&f, 0, sizeof(f));

    limit.rate = rate;
    limit.burst = burst;
    limit.breaker = breaker;
    limit.breaker_delay = 10000;
}


/* the look-up ends with a failure; the authority wants a pause, seconds */

static void
fail_for(ngx_http_auth_token_fault_e fault, ngx_uint_t seconds)
{
    ngx_http_auth_token_limit_failure(&slot, &limit, &f, fault, seconds, now);
}


static void
fail(int n)
{
    while (n--) {
        fail_for(ZONE_FAULT, 0);
    }
}


static void
test_budget(void)
{
    int         i, taken;
    ngx_msec_t  end;

    reset(4000, 60000, 0);

    is_int(take_many(100), 60, "a burst of 60");
    is_int((long long) after, 1, "one every 250 ms: try in a second");
    is_int((long long) f.budget, 250, "for a queue, in 250 ms");

    now += 249;
    ok(!take(0), "not after 249 ms");
    now += 1;
    ok(take(0), "but after 250 ms");
    ok(!take(0), "once");

    now += 1000;
    is_int(take_many(100), 4, "4 a second");

    now += 3600000;
    is_int(take_many(100), 60, "never more than the burst");

    /* asked every ms, the rate is what it is */

    now += 15000;
    is_int(take_many(100), 60, "it is full after 15 s");

    for (taken = 0, end = now + 100000; now < end; now++) {
        taken += take(0);
    }

    ok(taken >= 399 && taken <= 400, "400 in 100 s, asked every ms: %d",
       taken);

    /* a slow one: 1 a minute */

    reset(17, 1000, 0);
    now += 3600000;
    ok(take(0), "1 r/m: one");
    ok(!take(0), "and no second");
    is_int((long long) after, 59, "for a minute");

    for (taken = 0, i = 0; i < 58823; i++, now++) {
        taken += take(0);
    }

    is_int(taken, 0, "nothing meanwhile");
    now += 1;
    ok(take(0), "then one");

    reset(17, 600000, 0);
    is_int(take_many(1000), 600, "1 r/m, with a burst of 600");
    now += 3600000;
    is_int(take_many(1000), 61, "an hour gives 60, and their rounding one");
    now += 18 * 3600000;
    is_int(take_many(1000), 600, "a quiet day all of them");

    reset(4000, 0, 0);
    ok(take(0), "without a burst: one");
    ok(!take(0), "at a time");

    reset(0, 0, 0);
    is_int(take_many(1000), 1000, "no rate: no limit");

    is_int(ngx_http_auth_token_limit_take(&slot, NULL, &f, now, now, &after),
           NGX_OK, "no limit at all");
}


static void
test_strangers(void)
{
    int  i, taken;

    reset(4000, 60000, 0);

    for (taken = 0, i = 0; i < 100; i++) {
        taken += take(1);
    }

    is_int(taken, 30, "strangers take half of the burst");
    is_int((long long) after, 1, "and are told when there is more");
    is_int(take_many(100), 30, "the other half is for those who are known");
    ok(!take(1), "none for strangers then");

    now += 7500;
    ok(!take(1), "nor while half of it is missing");
    now += 250;
    ok(take(1), "only beyond");

    for (taken = 0, i = 0; i < 100; i++, now += 1000) {
        take(1);
        take(1);
        taken += take(0);
        taken += take(0);
        taken += take(0);
    }

    is_int(taken, 300, "while strangers take all they can, all others do too");

    reset(4000, 1000, 0);
    ok(take(1), "a burst of one serves both");
    reset(4000, 0, 0);
    ok(take(1), "so does none");
}


/* an authority that has less for us than the burst, with a minute's quota */

static void
test_strangers_of_less(void)
{
    int  i, known, strangers;

    reset(1000, 200000, 0);

    known = 0;
    strangers = 0;

    for (i = 0; i < 3600; i++, now += 1000) {

        if (i % 60 == 0) {
            ngx_http_auth_token_limit_observe(&slot, &limit, 59, 60, now);
        }

        if (i % 10 == 0) {
            known += take(0);
        }

        strangers += take(1);
    }

    is_int(known, 360, "who is known is served");
    ok(strangers > 1000 && strangers < 3600 - 360,
       "strangers have their part of what is left: %d", strangers);

    reset(1000, 200000, 0);
    ngx_http_auth_token_limit_observe(&slot, &limit, 60, 60, now);

    for (strangers = 0, i = 0; i < 200; i++) {
        strangers += take(1);
    }

    is_int(strangers, 30, "half of it");
    is_int(take_many(200), 30, "and those who are known the rest");
}


static void
test_clock(void)
{
    int  i, taken;

    /* two workers, of which one is five milliseconds behind */

    reset(1000000, 10000, 0);

    for (taken = 0, i = 0; i < 1000; i++) {
        now += i % 2 ? -5 : 5;
        taken += take(0);
    }

    ok(taken <= 15, "nobody's clock gives the time of another's twice: %d",
       taken);

    reset(4000, 60000, 0);
    take_many(100);

    now -= 1000;
    ok(!take(0), "a clock behind gives nothing back");
    now -= 7200000;
    is_int(take_many(100), 60, "one that jumped back does not block for long");
    now += 7201000;
    is_int(take_many(100), 60, "nor one that jumped ahead");

    reset(0, 0, 3);
    fail_for(ZONE_FAULT, 30);
    now -= 7200000;
    ok(take(0), "a pause that ends in hours is no pause");
    now += 7200000;

    reset(0, 0, 3);
    fail_for(ZONE_FAULT, 1000000);
    ok(!take(0), "a pause of days");
    is_int((long long) after, 3600, "is one of an hour");

    reset(1000000000, 4000000000u, 0);
    slot.last = 0;
    now += (ngx_msec_t) 1 << 40;
    ok(take(0), "large numbers");
}


static void
test_breaker(void)
{
    reset(0, 0, 3);

    ok(take(0) && !f.probe, "closed");
    fail(2);
    ok(take(0), "two failures: still closed");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    fail(2);
    ok(take(0), "they count in a row only");
    fail(1);
    ok(!take(0), "three in a row open it");
    ok(f.budget == 0, "it is not the budget");
    is_int((long long) after, 10, "for its delay");
    is_int((long long) ngx_http_auth_token_limit_closed(&slot, now), 10,
           "as is told");

    now += 9999;
    ok(!take(0), "all of it");
    is_int((long long) after, 1, "in true seconds");

    now += 1;
    ok(take(0) && f.probe, "then one may probe");
    ok(!take(0), "one");
    is_int((long long) after, 5, "others wait for it");

    fail(1);
    ok(!take(0), "it failed: open again");
    is_int((long long) after, 10, "for the delay");

    now += 10000;
    ok(take(0) && f.probe, "the next probe");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(take(0) && !f.probe, "it succeeded: closed");
    ok(take(0), "for all");

    /* a prober that dies */

    fail(3);
    now += 10000;
    ok(take(0) && f.probe, "one may probe");
    now += 4999;
    ok(!take(0), "others wait until his deadline");
    now += 1;
    ok(take(0) && f.probe, "then another one may");

    ngx_http_auth_token_limit_neutral(&slot, &f);
    ok(take(0) && f.probe, "an answer that says nothing lets the next one try");
    ngx_http_auth_token_limit_success(&slot, &f, now);

    reset(0, 0, 0);
    fail(100);
    ok(take(0), "without a breaker failures stop nothing");
}


/* one step fails while another one does well */

static void
test_steps(void)
{
    zone_flight_t  verify, details;

    reset(0, 0, 3);
    memset(&verify, 0, sizeof(verify));
    memset(&details, 0, sizeof(details));
    details.step = 1;

    f = details;
    fail(2);
    ngx_http_auth_token_limit_success(&slot, &verify, now);
    fail(1);
    ok(!take(0), "three failures of a step, between good answers to another");
    f = verify;
    ok(!take(0), "stop both");

    ngx_http_auth_token_limit_success(&slot, &verify, now);
    ok(!take(0), "also after a good answer that is late");

    now += 10000;
    ok(take(0) && !f.probe, "then the step that is well may go on");
    ok(take(0) && !f.probe, "for all");

    f = details;
    ok(take(0) && f.probe, "the other one is probed");
    details = f;
    ok(!take(0), "by one");

    f = verify;
    ngx_http_auth_token_limit_success(&slot, &f, now);
    f = details;
    ok(!take(0), "whom a good answer to another step does not make two");
    f = details;
    fail(1);
    ok(!take(0), "it failed: open again");
    f = verify;
    ok(!take(0), "for both");

    now += 10000;
    fail(3);
    now += 10000;
    ok(take(0) && f.probe, "both have failed: one probes");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(take(0) && !f.probe, "it is well again, this step");
    f.step = 1;
    ok(take(0) && f.probe, "the other one is not known to be");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(take(0) && !f.probe, "until it has been tried");
    ok(slot.closed_until == 0, "all is as it was");
}


/* 429 */

static void
test_busy(void)
{
    reset(0, 0, 3);

    fail_for(ZONE_BUSY, 0);
    ok(!take(0), "one 429 opens the breaker");
    is_int((long long) after, 10, "for its delay");
    now += 10000;
    f.step = 1;
    ok(take(0) && !f.probe, "then another step goes on");
    f.step = 0;
    ok(take(0) && f.probe, "this one tries");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(take(0) && !f.probe, "it may go on");

    fail_for(ZONE_BUSY, 2);
    ok(!take(0), "429, in 2 s again");
    is_int((long long) after, 2, "then it is");
    now += 2000;
    ok(take(0) && f.probe, "to be seen");
    fail_for(ZONE_BUSY, 2);
    ok(!take(0), "it is not");
    is_int((long long) after, 10, "which is a failure as any");

    reset(0, 0, 0);
    fail_for(ZONE_BUSY, 0);
    ok(take(0), "without a breaker 429 stops nothing");
    fail_for(ZONE_BUSY, 2);
    ok(!take(0), "but what the authority wants is heeded");
    is_int((long long) after, 2, "for as long");
}


static void
test_pause(void)
{
    reset(0, 0, 3);

    fail_for(ZONE_FAULT, 30);
    ok(!take(0), "the authority wants 30 s");
    is_int((long long) after, 30, "and gets them");

    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(!take(0), "an answer asked for before changes nothing");

    fail_for(ZONE_FAULT, 5);
    ok(!take(0), "nor does a shorter wish");
    is_int((long long) after, 30, "the longest counts");

    now += 30000;
    ok(take(0) && f.probe, "one tries");
    ok(!take(0), "alone");
    ngx_http_auth_token_limit_success(&slot, &f, now);
    ok(take(0) && !f.probe, "and all go on");

    reset(0, 0, 0);
    ngx_http_auth_token_limit_failure(&slot, NULL, &f, ZONE_FAULT, 30,
                                      now);
    ok(!take(0), "also without any limit of ours");

    /* what the authority says it has left */

    reset(4000, 60000, 3);
    ngx_http_auth_token_limit_observe(&slot, &limit, 0, 20, now);
    ok(!take(0), "none left");
    is_int((long long) after, 20, "until then");
    now += 20000;
    ok(take(0) && f.probe, "then one tries");
    ngx_http_auth_token_limit_success(&slot, &f, now);

    reset(4000, 60000, 3);
    ngx_http_auth_token_limit_observe(&slot, &limit, 10, 20, now);
    is_int(take_many(100), 10, "ten left: ten are taken");

    reset(4000, 60000, 3);
    ngx_http_auth_token_limit_observe(&slot, &limit, 1000, 20, now);
    is_int(take_many(100), 60, "more than ours left: ours count");

    reset(4000, 60000, 3);
    take_many(55);
    ngx_http_auth_token_limit_observe(&slot, &limit, 10, 20, now);
    is_int(take_many(100), 5, "it never gives back");

    reset(4000, 60000, 3);
    ngx_http_auth_token_limit_observe(&slot, &limit, 0, 0, now);
    ok(take(0), "none left for no time is no pause");
}


int
main(void)
{
    test_budget();
    test_strangers();
    test_strangers_of_less();
    test_clock();
    test_breaker();
    test_steps();
    test_busy();
    test_pause();

    return done();
}
