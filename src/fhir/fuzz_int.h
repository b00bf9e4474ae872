/* fhir/fuzz_int.h - a small data folder for the fuzz targets of the room. */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "fhir/prepare.h"
#include "fhir/search.h"
#include "store/store.h"
#include "store/tx.h"

static struct db *fuzz_db;

/* Opens a store with a few resources in a folder of its own; it stays for the whole run. */
static inline void fuzz_open(void)
{
    static struct req rq;
    char dir[] = "/tmp/fhir-fuzz.XXXXXX";
    struct store *st;
    if (fuzz_db != NULL) {
        return;
    }
    ASSERT(mkdtemp(dir) != NULL);
    req_init(&rq, 64u << 20, (struct instant){1});
    ASSERT(store_open(&rq, str_z(dir), NULL, &st) == OK);
    fuzz_db = store_db_open(st);
    rq.db = fuzz_db;
    struct tx *tx = tx_new(&rq);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"A\"}],"
                               "\"birthDate\":\"1980\"}"), TX_ANY) == OK);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\","
                               "\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"c\"}]},\"subject\":{"
                               "\"reference\":\"Patient/p\"},\"effectiveDateTime\":\"2026-01-01\","
                               "\"valueQuantity\":{\"value\":1.5,\"system\":\"http://u\","
                               "\"code\":\"mg\"}}"), TX_ANY) == OK);
    ASSERT(store_commit(st, &rq, tx) == OK);
}
