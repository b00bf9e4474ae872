/* care/episode.h - messages between a patient and the doctor of a course of care (EpisodeOfCare), while it is
 * open: Communications on the patient, about the EpisodeOfCare. Messages of a case are care/consult.h. */
#pragma once

#include "care/consult.h"
#include "store/audit.h"

struct tx;

enum { EPISODES_MAX = 50, EPISODE_MESSAGES_MAX = 200 };

struct episode {
    struct str id;
    int64_t rid;
    uint64_t version;
    bool open;             /* status "active": only then is anything written */
    struct str patient;    /* id */
    int64_t patient_rid;
    struct str doctor, doctor_name; /* careManager */
    struct str org;
    struct str title;      /* of its problem */
    struct instant since;
};
/* Of a patient, closed ones too, newest first, at most n. Whoever calls has asked for the patient: nothing
 * is put on record. */
MUST_USE enum err episode_of_patient(struct req *rq, int64_t patient_rid,
                                     struct episode *ret_episodes, uint32_t n, uint32_t *ret_n);
/* One of a patient rq->who sees; the look (or the refusal) is put on record as action.
 * errors  E_NOT_FOUND  none, or not theirs: not told apart */
MUST_USE enum err episode_find(struct req *rq, struct str id, enum audit_action action,
                               struct episode *ret_episode);
/* What was written in it, oldest first, at most n. */
MUST_USE enum err episode_messages(struct req *rq, const struct episode *e,
                                   struct case_message *ret_messages, uint32_t n, uint32_t *ret_n);
/* The patient's side writes to the doctor of the course and to who saw the patient last in it; a doctor
 * who sees the patient answers, and everybody of the patients' side who may talk is told. Notices have no
 * content.
 * errors  E_FORBIDDEN  neither MY_TALK nor MAY_VISIT
 *         E_CONFLICT   the course is closed
 *         E_BAD_INPUT  empty or above 8 000 bytes
 *         E_LOCKED     see care/consult_pace.h */
MUST_USE enum err episode_say(struct req *rq, struct tx *tx, const struct episode *e, struct str text);
/* The doctor of the course ends it: nothing is written in it any more.
 * errors  E_FORBIDDEN; E_CONFLICT closed already; E_STALE from the commit */
MUST_USE enum err episode_close(struct req *rq, struct tx *tx, const struct episode *e);
