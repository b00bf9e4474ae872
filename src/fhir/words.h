/* fhir/words.h - the words of a resource, for _text and _content (R4 search.html 3.1.1.5.8).
 *
 * Words are runs of letters and digits of the folded text (codec/utf8.h): no language is assumed.
 * Text that is no text is left out: ids, references, addresses, codes' systems, dates, base64.
 */
#pragma once

#include "codec/json.h"

enum { FHIR_WORDS_BYTES = 16 * 1024 }; /* kept of one resource, each of the two */

/* Distinct words with a blank between, in rq->a: of the narrative, and of all the rest.
 * errors   E_TOO_LARGE  the arena's cap */
MUST_USE enum err words_of_resource(struct req *rq, struct jv root, struct str *ret_narrative,
                                    struct str *ret_content);
/* Words of a question: all of them must be there; one ending in * means its beginning. Empty when
 * there is none. */
struct str words_of_question(struct req *rq, struct str text);
/* Are all words of a question among the words of a text? */
bool words_meet(struct str question, struct str words);
