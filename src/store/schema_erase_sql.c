/* store/schema_erase_sql.c - the tables of erasing. See schema_sql.c for the privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v27_scrub[] =
    /* Zeros over free pages, for a moment: see scrub.c. */
    "CREATE TABLE scrub("
    " id INTEGER PRIMARY KEY,"        /* tech */
    " bytes BLOB NOT NULL"            /* tech: zeros */
    ") STRICT;"
    /* Deleted resources of a patient or case: they stand in no posting list. */
    "CREATE INDEX res_gone ON res(patient, rid) WHERE deleted <> 0 AND patient > 0;"
    "CREATE INDEX res_gone_of ON res(anchor, rid) WHERE deleted <> 0 AND anchor > 0;";

const char schema_v27_erasure[] =
    /* Orders to erase a person's record. */
    "CREATE TABLE erasure("
    " id INTEGER PRIMARY KEY,"        /* tech: number of the order, 1.. */
    " patient_rid INTEGER NOT NULL,"  /* pseudo */
    " patient TEXT NOT NULL,"         /* pseudo: Patient id */
    " state INTEGER NOT NULL,"        /* tech: enum erasure_state */
    " reason TEXT NOT NULL,"          /* tech: code of care/erasure.c */
    " number TEXT NOT NULL,"          /* staff: of the document that orders it */
    " date TEXT NOT NULL,"            /* staff: its date, YYYY-MM-DD */
    " by TEXT NOT NULL,"              /* staff: Practitioner who proposed it */
    " at_ms INTEGER NOT NULL,"        /* tech */
    " second TEXT NOT NULL,"          /* staff: Practitioner who confirmed or refused it, '' nobody yet */
    " second_ms INTEGER NOT NULL,"    /* tech */
    " resources INTEGER NOT NULL,"    /* tech: that went or are to go */
    " done_ms INTEGER NOT NULL"       /* tech: 0 not yet */
    ") STRICT;"
    "CREATE UNIQUE INDEX erasure_one ON erasure(patient_rid) WHERE state < 4;"
    "CREATE INDEX erasure_runs ON erasure(id) WHERE state IN (1, 2);"
    /* What is still to be erased under an order that runs. */
    "CREATE TABLE erasure_item("
    " ord INTEGER NOT NULL,"          /* tech */
    " rid INTEGER NOT NULL,"          /* tech */
    " PRIMARY KEY(ord, rid)) STRICT, WITHOUT ROWID;"
    /* Records that may not be erased. */
    "CREATE TABLE erasure_hold("
    " patient TEXT PRIMARY KEY,"      /* pseudo: Patient id */
    " reason TEXT NOT NULL,"          /* staff */
    " by TEXT NOT NULL,"              /* staff: Practitioner */
    " at_ms INTEGER NOT NULL"         /* tech */
    ") STRICT, WITHOUT ROWID;"
    /* What of a person goes by the patient. */
    "CREATE INDEX room_patient ON room(patient);"
    "CREATE INDEX consilium_item_patient ON consilium_item(patient_rid);"
    "CREATE INDEX glass_patient ON glass(patient_rid);"
    "CREATE INDEX app_grant_patient ON app_grant(patient) WHERE patient <> '';";
const char schema_v28_dict[] =
    "ALTER TABLE dict ADD COLUMN vids BLOB NOT NULL DEFAULT x'';"   /* tech: versions in its bytes, le64 each; empty: unknown */
    "ALTER TABLE dict ADD COLUMN state INTEGER NOT NULL DEFAULT 0;" /* tech: enum dict_state */
    "ALTER TABLE dict ADD COLUMN upto INTEGER NOT NULL DEFAULT 0;"  /* tech: state 1, 2: versions up to here need it no more */
    "CREATE INDEX dict_retired ON dict(id) WHERE state IN (1, 2);"
    /* Orders that were done leave dictionaries behind which may hold what they erased. */
    "UPDATE dict SET state = 1 WHERE EXISTS (SELECT 1 FROM erasure WHERE state IN (1, 2, 3));"
    "UPDATE erasure SET state = 2, done_ms = 0 WHERE state = 3 AND EXISTS (SELECT 1 FROM dict WHERE state = 1);";
/* Where an order was proposed: who audits there, or above, may confirm it. */
const char schema_v29_erasure[] =
    "ALTER TABLE erasure ADD COLUMN org TEXT NOT NULL DEFAULT '';"; /* staff: Organization acted for; empty: not written down */
/* clang-format on */
