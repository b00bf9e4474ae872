/* store/schema_recording_sql.c - the tables of recordings of meetings. See schema_sql.c. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v19_recording[] =
    /* A recording of a meeting, from the question to the kept files. */
    "CREATE TABLE recording("
    " id TEXT PRIMARY KEY,"              /* tech: also the name of its folder while files wait */
    " room TEXT NOT NULL,"               /* tech */
    " meeting INTEGER NOT NULL,"         /* tech */
    " state INTEGER NOT NULL,"           /* tech: enum recording_state */
    " by TEXT NOT NULL,"                 /* staff: Practitioner who asked */
    " by_name TEXT NOT NULL,"            /* staff */
    " asked_ms INTEGER NOT NULL,"        /* tech */
    " started_ms INTEGER NOT NULL,"      /* tech: when all had agreed first, 0 never */
    " stopped_ms INTEGER NOT NULL,"      /* tech: 0 not yet */
    " why INTEGER NOT NULL,"             /* tech: enum recording_end */
    " stopped_by TEXT NOT NULL,"         /* staff, clinical: shown name, '' the program */
    " files INTEGER NOT NULL,"           /* tech: kept so far */
    " encounter TEXT NOT NULL"           /* pseudo: Encounter of the meeting, '' none */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX recording_room ON recording(room, asked_ms);"
    "CREATE UNIQUE INDEX recording_one ON recording(room) WHERE state < 2;" /* one at a time */
    "CREATE INDEX recording_work ON recording(state, asked_ms) WHERE state < 3;"
    /* What each person said; the Consent is the record of it. */
    "CREATE TABLE recording_answer("
    " recording TEXT NOT NULL,"          /* tech */
    " key TEXT NOT NULL,"                /* staff: p:PERSON or g:GUEST */
    " name TEXT NOT NULL,"               /* staff, clinical: shown name */
    " yes INTEGER NOT NULL,"             /* clinical: 1 agreed, 0 refused or withdrew */
    " at_ms INTEGER NOT NULL,"           /* tech */
    " consent TEXT NOT NULL,"            /* pseudo: Consent */
    " PRIMARY KEY(recording, key)) STRICT, WITHOUT ROWID;"
    /* Which seat was whose while it was recorded: files are named by seats. */
    "CREATE TABLE recording_seat("
    " recording TEXT NOT NULL,"          /* tech */
    " seat INTEGER NOT NULL,"            /* tech */
    " name TEXT NOT NULL,"               /* staff, clinical: shown name */
    " PRIMARY KEY(recording, seat)) STRICT, WITHOUT ROWID;"
    /* Files that are kept: their first form is erased after. */
    "CREATE TABLE recording_file("
    " recording TEXT NOT NULL,"          /* tech */
    " name TEXT NOT NULL,"               /* tech: as the media server named it */
    " document TEXT NOT NULL,"           /* pseudo: DocumentReference, '' nothing could be read */
    " PRIMARY KEY(recording, name)) STRICT, WITHOUT ROWID;";
/* clang-format on */
