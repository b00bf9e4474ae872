/* fhir/element_content.c - element rows of FHIR R4 4.0.1:
 * questionnaires and terminology. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_questionnaire_item_enable_when[] = {
    E("question", string, REQ, 0, NULL),
    E("operator", code, REQ, 0, "exists|=|!=|>|<|>=|<="),
    E("answerBoolean", boolean, REQ, 1, NULL),
    E("answerDecimal", decimal, REQ, 1, NULL),
    E("answerInteger", integer, REQ, 1, NULL),
    E("answerDate", date, REQ, 1, NULL),
    E("answerDateTime", date_time, REQ, 1, NULL),
    E("answerTime", time, REQ, 1, NULL),
    E("answerString", string, REQ, 1, NULL),
    E("answerCoding", coding, REQ, 1, NULL),
    E("answerQuantity", quantity, REQ, 1, NULL),
    E("answerReference", reference, REQ, 1, NULL),
};
static const struct fhir_shape sh_questionnaire_item_enable_when =
    BACKBONE("Questionnaire.item.enableWhen", el_questionnaire_item_enable_when);

static const struct fhir_element el_questionnaire_item_answer_option[] = {
    E("valueInteger", integer, REQ, 1, NULL),
    E("valueDate", date, REQ, 1, NULL),
    E("valueTime", time, REQ, 1, NULL),
    E("valueString", string, REQ, 1, NULL),
    E("valueCoding", coding, REQ, 1, NULL),
    E("valueReference", reference, REQ, 1, NULL),
    E("initialSelected", boolean, 0, 0, NULL),
};
static const struct fhir_shape sh_questionnaire_item_answer_option =
    BACKBONE("Questionnaire.item.answerOption", el_questionnaire_item_answer_option);

static const struct fhir_element el_questionnaire_item_initial[] = {
    E("valueBoolean", boolean, REQ, 1, NULL),
    E("valueDecimal", decimal, REQ, 1, NULL),
    E("valueInteger", integer, REQ, 1, NULL),
    E("valueDate", date, REQ, 1, NULL),
    E("valueDateTime", date_time, REQ, 1, NULL),
    E("valueTime", time, REQ, 1, NULL),
    E("valueString", string, REQ, 1, NULL),
    E("valueUri", uri, REQ, 1, NULL),
    E("valueAttachment", attachment, REQ, 1, NULL),
    E("valueCoding", coding, REQ, 1, NULL),
    E("valueQuantity", quantity, REQ, 1, NULL),
    E("valueReference", reference, REQ, 1, NULL),
};
static const struct fhir_shape sh_questionnaire_item_initial =
    BACKBONE("Questionnaire.item.initial", el_questionnaire_item_initial);

static const struct fhir_shape sh_questionnaire_item;
static const struct fhir_element el_questionnaire_item[] = {
    E("linkId", string, REQ, 0, NULL),
    E("definition", uri, 0, 0, NULL),
    E("code", coding, MANY, 0, NULL),
    E("prefix", string, 0, 0, NULL),
    E("text", string, 0, 0, NULL),
    E("type", code, REQ, 0,
      "group|display|question|boolean|decimal|integer|date|dateTime|time|string|text|url|"
      "choice|open-choice|attachment|reference|quantity"),
    E("enableWhen", questionnaire_item_enable_when, MANY, 0, NULL),
    E("enableBehavior", code, 0, 0, "all|any"),
    E("required", boolean, 0, 0, NULL),
    E("repeats", boolean, 0, 0, NULL),
    E("readOnly", boolean, 0, 0, NULL),
    E("maxLength", integer, 0, 0, NULL),
    E("answerValueSet", canonical, 0, 0, NULL),
    E("answerOption", questionnaire_item_answer_option, MANY, 0, NULL),
    E("initial", questionnaire_item_initial, MANY, 0, NULL),
    E("item", questionnaire_item, MANY, 0, NULL),
};
static const struct fhir_shape sh_questionnaire_item =
    BACKBONE("Questionnaire.item", el_questionnaire_item);

static const struct fhir_element el_questionnaire[] = {
    E("url", uri, 0, 0, NULL),
    E("identifier", identifier, MANY, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("title", string, 0, 0, NULL),
    E("derivedFrom", canonical, MANY, 0, NULL),
    E("status", code, REQ, 0, "draft|active|retired|unknown"),
    E("experimental", boolean, 0, 0, NULL),
    E("subjectType", code, MANY, 0, NULL),
    E("date", date_time, 0, 0, NULL),
    E("publisher", string, 0, 0, NULL),
    E("contact", contact_detail, MANY, 0, NULL),
    E("description", markdown, 0, 0, NULL),
    E("useContext", usage_context, MANY, 0, NULL),
    E("jurisdiction", codeable_concept, MANY, 0, NULL),
    E("purpose", markdown, 0, 0, NULL),
    E("copyright", markdown, 0, 0, NULL),
    E("approvalDate", date, 0, 0, NULL),
    E("lastReviewDate", date, 0, 0, NULL),
    E("effectivePeriod", period, 0, 0, NULL),
    E("code", coding, MANY, 0, NULL),
    E("item", questionnaire_item, MANY, 0, NULL),
};
const struct fhir_shape sh_questionnaire = DOMAIN("Questionnaire", el_questionnaire);

static const struct fhir_element el_code_system_filter[] = {
    E("code", code, REQ, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("operator", code, REQ | MANY, 0,
      "=|is-a|descendent-of|is-not-a|regex|in|not-in|generalizes|exists"),
    E("value", string, REQ, 0, NULL),
};
static const struct fhir_shape sh_code_system_filter =
    BACKBONE("CodeSystem.filter", el_code_system_filter);

static const struct fhir_element el_code_system_property[] = {
    E("code", code, REQ, 0, NULL),
    E("uri", uri, 0, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("type", code, REQ, 0, "code|Coding|string|integer|boolean|dateTime|decimal"),
};
static const struct fhir_shape sh_code_system_property =
    BACKBONE("CodeSystem.property", el_code_system_property);

static const struct fhir_element el_code_system_concept_designation[] = {
    E("language", code, 0, 0, NULL),
    E("use", coding, 0, 0, NULL),
    E("value", string, REQ, 0, NULL),
};
static const struct fhir_shape sh_code_system_concept_designation =
    BACKBONE("CodeSystem.concept.designation", el_code_system_concept_designation);

static const struct fhir_element el_code_system_concept_property[] = {
    E("code", code, REQ, 0, NULL),
    E("valueCode", code, REQ, 1, NULL),
    E("valueCoding", coding, REQ, 1, NULL),
    E("valueString", string, REQ, 1, NULL),
    E("valueInteger", integer, REQ, 1, NULL),
    E("valueBoolean", boolean, REQ, 1, NULL),
    E("valueDateTime", date_time, REQ, 1, NULL),
    E("valueDecimal", decimal, REQ, 1, NULL),
};
static const struct fhir_shape sh_code_system_concept_property =
    BACKBONE("CodeSystem.concept.property", el_code_system_concept_property);

static const struct fhir_shape sh_code_system_concept;
static const struct fhir_element el_code_system_concept[] = {
    E("code", code, REQ, 0, NULL),
    E("display", string, 0, 0, NULL),
    E("definition", string, 0, 0, NULL),
    E("designation", code_system_concept_designation, MANY, 0, NULL),
    E("property", code_system_concept_property, MANY, 0, NULL),
    E("concept", code_system_concept, MANY, 0, NULL),
};
static const struct fhir_shape sh_code_system_concept =
    BACKBONE("CodeSystem.concept", el_code_system_concept);

static const struct fhir_element el_code_system[] = {
    E("url", uri, 0, 0, NULL),
    E("identifier", identifier, MANY, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("title", string, 0, 0, NULL),
    E("status", code, REQ, 0, "draft|active|retired|unknown"),
    E("experimental", boolean, 0, 0, NULL),
    E("date", date_time, 0, 0, NULL),
    E("publisher", string, 0, 0, NULL),
    E("contact", contact_detail, MANY, 0, NULL),
    E("description", markdown, 0, 0, NULL),
    E("useContext", usage_context, MANY, 0, NULL),
    E("jurisdiction", codeable_concept, MANY, 0, NULL),
    E("purpose", markdown, 0, 0, NULL),
    E("copyright", markdown, 0, 0, NULL),
    E("caseSensitive", boolean, 0, 0, NULL),
    E("valueSet", canonical, 0, 0, NULL),
    E("hierarchyMeaning", code, 0, 0, "grouped-by|is-a|part-of|classified-with"),
    E("compositional", boolean, 0, 0, NULL),
    E("versionNeeded", boolean, 0, 0, NULL),
    E("content", code, REQ, 0, "not-present|example|fragment|complete|supplement"),
    E("supplements", canonical, 0, 0, NULL),
    E("count", unsigned_int, 0, 0, NULL),
    E("filter", code_system_filter, MANY, 0, NULL),
    E("property", code_system_property, MANY, 0, NULL),
    E("concept", code_system_concept, MANY, 0, NULL),
};
const struct fhir_shape sh_code_system = DOMAIN("CodeSystem", el_code_system);

static const struct fhir_element el_value_set_compose_include_concept_designation[] = {
    E("language", code, 0, 0, NULL),
    E("use", coding, 0, 0, NULL),
    E("value", string, REQ, 0, NULL),
};
static const struct fhir_shape sh_value_set_compose_include_concept_designation =
    BACKBONE("ValueSet.compose.include.concept.designation",
             el_value_set_compose_include_concept_designation);

static const struct fhir_element el_value_set_compose_include_concept[] = {
    E("code", code, REQ, 0, NULL),
    E("display", string, 0, 0, NULL),
    E("designation", value_set_compose_include_concept_designation, MANY, 0, NULL),
};
static const struct fhir_shape sh_value_set_compose_include_concept =
    BACKBONE("ValueSet.compose.include.concept", el_value_set_compose_include_concept);

static const struct fhir_element el_value_set_compose_include_filter[] = {
    E("property", code, REQ, 0, NULL),
    E("op", code, REQ, 0, "=|is-a|descendent-of|is-not-a|regex|in|not-in|generalizes|exists"),
    E("value", string, REQ, 0, NULL),
};
static const struct fhir_shape sh_value_set_compose_include_filter =
    BACKBONE("ValueSet.compose.include.filter", el_value_set_compose_include_filter);

static const struct fhir_element el_value_set_compose_include[] = {
    E("system", uri, 0, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("concept", value_set_compose_include_concept, MANY, 0, NULL),
    E("filter", value_set_compose_include_filter, MANY, 0, NULL),
    E("valueSet", canonical, MANY, 0, NULL),
};
static const struct fhir_shape sh_value_set_compose_include =
    BACKBONE("ValueSet.compose.include", el_value_set_compose_include);

static const struct fhir_element el_value_set_compose[] = {
    E("lockedDate", date, 0, 0, NULL),
    E("inactive", boolean, 0, 0, NULL),
    E("include", value_set_compose_include, REQ | MANY, 0, NULL),
    E("exclude", value_set_compose_include, MANY, 0, NULL),
};
static const struct fhir_shape sh_value_set_compose =
    BACKBONE("ValueSet.compose", el_value_set_compose);

static const struct fhir_element el_value_set_expansion_parameter[] = {
    E("name", string, REQ, 0, NULL),
    E("valueString", string, 0, 1, NULL),
    E("valueBoolean", boolean, 0, 1, NULL),
    E("valueInteger", integer, 0, 1, NULL),
    E("valueDecimal", decimal, 0, 1, NULL),
    E("valueUri", uri, 0, 1, NULL),
    E("valueCode", code, 0, 1, NULL),
    E("valueDateTime", date_time, 0, 1, NULL),
};
static const struct fhir_shape sh_value_set_expansion_parameter =
    BACKBONE("ValueSet.expansion.parameter", el_value_set_expansion_parameter);

static const struct fhir_shape sh_value_set_expansion_contains;
static const struct fhir_element el_value_set_expansion_contains[] = {
    E("system", uri, 0, 0, NULL),
    E("abstract", boolean, 0, 0, NULL),
    E("inactive", boolean, 0, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
    E("display", string, 0, 0, NULL),
    E("designation", value_set_compose_include_concept_designation, MANY, 0, NULL),
    E("contains", value_set_expansion_contains, MANY, 0, NULL),
};
static const struct fhir_shape sh_value_set_expansion_contains =
    BACKBONE("ValueSet.expansion.contains", el_value_set_expansion_contains);

static const struct fhir_element el_value_set_expansion[] = {
    E("identifier", uri, 0, 0, NULL),
    E("timestamp", date_time, REQ, 0, NULL),
    E("total", integer, 0, 0, NULL),
    E("offset", integer, 0, 0, NULL),
    E("parameter", value_set_expansion_parameter, MANY, 0, NULL),
    E("contains", value_set_expansion_contains, MANY, 0, NULL),
};
static const struct fhir_shape sh_value_set_expansion =
    BACKBONE("ValueSet.expansion", el_value_set_expansion);

static const struct fhir_element el_value_set[] = {
    E("url", uri, 0, 0, NULL),
    E("identifier", identifier, MANY, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("title", string, 0, 0, NULL),
    E("status", code, REQ, 0, "draft|active|retired|unknown"),
    E("experimental", boolean, 0, 0, NULL),
    E("date", date_time, 0, 0, NULL),
    E("publisher", string, 0, 0, NULL),
    E("contact", contact_detail, MANY, 0, NULL),
    E("description", markdown, 0, 0, NULL),
    E("useContext", usage_context, MANY, 0, NULL),
    E("jurisdiction", codeable_concept, MANY, 0, NULL),
    E("immutable", boolean, 0, 0, NULL),
    E("purpose", markdown, 0, 0, NULL),
    E("copyright", markdown, 0, 0, NULL),
    E("compose", value_set_compose, 0, 0, NULL),
    E("expansion", value_set_expansion, 0, 0, NULL),
};
const struct fhir_shape sh_value_set = DOMAIN("ValueSet", el_value_set);
