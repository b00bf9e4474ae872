/* fhir/fuzz_int.h - a small data folder for the fuzz targets of the room. */
#pragma once

#include "fhir/prepare.h"
#include "fhir/search.h"
#include "store/fuzz_fixture.h"
#include "store/tx.h"

static struct db *fuzz_db;
static struct fuzz_store fuzz_folder;

static inline void fuzz_close(void)
{
    store_db_close(fuzz_db);
    fuzz_store_close(&fuzz_folder);
}

/* Opens a store with a few resources in a folder of its own; it stays for the whole run. */
static inline void fuzz_open(void)
{
    struct req rq;
    if (fuzz_db != NULL) {
        return;
    }
    fuzz_store_open(NULL, &fuzz_folder);
    (void)atexit(fuzz_close);
    req_init(&rq, 64u << 20, (struct instant){1});
    fuzz_db = store_db_open(fuzz_folder.st);
    rq.db = fuzz_db;
    struct tx *tx = tx_new(&rq);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Patient\",\"id\":\"p\",\"name\":[{\"family\":\"A\"}],"
                               "\"birthDate\":\"1980\"}"), TX_ANY) == OK);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\","
                               "\"code\":{\"coding\":[{\"system\":\"s\",\"code\":\"c\"}]},\"subject\":{"
                               "\"reference\":\"Patient/p\"},\"effectiveDateTime\":\"2026-01-01\","
                               "\"valueQuantity\":{\"value\":1.5,\"system\":\"http://u\","
                               "\"code\":\"mg\"}}"), TX_ANY) == OK);
    ASSERT(store_commit(fuzz_folder.st, &rq, tx) == OK);
    req_done(&rq);
}
