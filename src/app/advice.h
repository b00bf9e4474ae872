/* app/advice.h - what an administrator should do, from facts about the program and its machine: pure, so that
 * every piece of advice can be tried. */
#pragma once

#include "base/req.h"

struct advice_facts {
    struct instant now;
    struct instant newest_record;  /* of the record; ms 0: it is empty */
    struct instant newest_backup;  /* ms 0: none */
    struct instant authority_ends; /* certificate of the signing authority */
    struct instant notices_since;  /* the oldest that waits for a gateway; ms 0: none waits */
    uint64_t notices;              /* that wait */
    uint64_t free_bytes;           /* on the disk of the data folder */
    uint64_t floor_bytes;          /* nothing is written below this */
    uint64_t base_bytes;           /* of the database: a backup needs as much beside it */
    bool backup_is_set;            /* backup_to names a place */
    bool listens_beyond;           /* listen is an address others reach */
    bool behind_proxy;             /* trust_proxy */
    bool cage_is_off;              /* the setting cage */
    bool cage_is_whole;            /* this kernel can hold all of it */
    bool has_tls;                  /* tls_certificate and tls_key are set */
    bool tls_reads;                /* and can be served with */
    struct instant tls_ends;       /* that certificate */
    bool has_scanner;              /* clamav_socket is set */
    bool scanner_answers;
    struct instant signatures_made; /* of its daily database; ms 0: it has none of the project's */
    struct str base_url;
};

/* A line for each that calls for something to be done: "urgent: ..." where something fails now or is in
 * danger, else "advice: ...". Nothing is written when all is well. */
void advice_write(const struct advice_facts *f, struct buf *out);
