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

/* Enough of each kind that pages end, sorts have a missing key, sets and lists name something. ' is ". */
static const char *const fuzz_bodies[] = {
    "{'resourceType':'Patient','id':'p','identifier':[{'system':'s','value':'1'}],"
    "'name':[{'family':'A'}],'birthDate':'1980'}",
    "{'resourceType':'Patient','id':'q','name':[{'family':'Ab','given':['B','C']}],"
    "'birthDate':'1990-05-06','link':[{'other':{'reference':'Patient/p'},'type':'refer'}]}",
    "{'resourceType':'Patient','id':'r','text':{'status':'generated','div':"
    "'<div xmlns=\\'http://www.w3.org/1999/xhtml\\'>a b</div>'}}",
    "{'resourceType':'Observation','id':'o','status':'final','code':{'coding':[{'system':'s',"
    "'code':'c'}]},'subject':{'reference':'Patient/p'},'effectiveDateTime':'2026-01-01',"
    "'valueQuantity':{'value':1.5,'system':'http://u','code':'mg'}}",
    "{'resourceType':'Observation','id':'o2','status':'amended','code':{'coding':[{'system':'s',"
    "'code':'c'}]},'subject':{'reference':'Patient/q'},'effectiveDateTime':"
    "'2026-01-01T10:00:00Z','valueQuantity':{'value':2,'system':'http://u','code':'mg'}}",
    "{'resourceType':'Observation','id':'o3','status':'final','code':{'text':'c'},"
    "'subject':{'reference':'Patient/p'},'hasMember':[{'reference':'Observation/o'}]}",
    "{'resourceType':'List','id':'l','status':'current','mode':'working','entry':["
    "{'item':{'reference':'Patient/p'}},{'item':{'reference':'Patient/r'}}]}",
    "{'resourceType':'ValueSet','id':'v','url':'urn:vs','status':'active','compose':{"
    "'include':[{'system':'s','concept':[{'code':'c'}]}]}}",
    "{'resourceType':'Patient','id':'p','identifier':[{'system':'s','value':'1'}],"
    "'name':[{'family':'A'},{'family':'Z'}],'birthDate':'1981'}",
};

static inline struct str fuzz_quoted(struct arena *a, const char *text)
{
    struct buf b;
    buf_init(&b, a, 2000);
    for (const char *p = text; *p != 0; p++) {
        buf_char(&b, *p == '\'' ? '"' : *p);
    }
    return buf_get(&b);
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
    for (size_t i = 0; i < LEN(fuzz_bodies); i++) { /* one after the other: each has its own moment */
        struct tx *tx = tx_new(&rq);
        ASSERT(fhir_put(&rq, tx, fuzz_quoted(rq.a, fuzz_bodies[i]), TX_ANY) == OK);
        ASSERT(store_commit(fuzz_folder.st, &rq, tx) == OK);
    }
    req_done(&rq);
}
