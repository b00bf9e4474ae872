/* fhir/element_type.c - element rows of FHIR R4 4.0.1:
 * data types. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_identifier[] = {
    E("use", code, 0, 0, "usual|official|temp|secondary|old"),
    E("type", codeable_concept, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("value", string, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("assigner", reference, 0, 0, "Organization"),
};
const struct fhir_shape sh_identifier = ELEMENT("Identifier", el_identifier);

static const struct fhir_element el_human_name[] = {
    E("use", code, 0, 0, "usual|official|temp|nickname|anonymous|old|maiden"),
    E("text", string, 0, 0, NULL),
    E("family", string, 0, 0, NULL),
    E("given", string, MANY, 0, NULL),
    E("prefix", string, MANY, 0, NULL),
    E("suffix", string, MANY, 0, NULL),
    E("period", period, 0, 0, NULL),
};
const struct fhir_shape sh_human_name = ELEMENT("HumanName", el_human_name);

static const struct fhir_element el_contact_point[] = {
    E("system", code, 0, 0, "phone|fax|email|pager|url|sms|other"),
    E("value", string, 0, 0, NULL),
    E("use", code, 0, 0, "home|work|temp|old|mobile"),
    E("rank", positive_int, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
};
const struct fhir_shape sh_contact_point = ELEMENT("ContactPoint", el_contact_point);

static const struct fhir_element el_address[] = {
    E("use", code, 0, 0, "home|work|temp|old|billing"),
    E("type", code, 0, 0, "postal|physical|both"),
    E("text", string, 0, 0, NULL),
    E("line", string, MANY, 0, NULL),
    E("city", string, 0, 0, NULL),
    E("district", string, 0, 0, NULL),
    E("state", string, 0, 0, NULL),
    E("postalCode", string, 0, 0, NULL),
    E("country", string, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
};
const struct fhir_shape sh_address = ELEMENT("Address", el_address);

static const struct fhir_element el_codeable_concept[] = {
    E("coding", coding, MANY, 0, NULL),
    E("text", string, 0, 0, NULL),
};
const struct fhir_shape sh_codeable_concept = ELEMENT("CodeableConcept", el_codeable_concept);

static const struct fhir_element el_attachment[] = {
    E("contentType", code, 0, 0, NULL),
    E("language", code, 0, 0, NULL),
    E("data", base64_binary, 0, 0, NULL),
    E("url", url, 0, 0, NULL),
    E("size", unsigned_int, 0, 0, NULL),
    E("hash", base64_binary, 0, 0, NULL),
    E("title", string, 0, 0, NULL),
    E("creation", date_time, 0, 0, NULL),
};
const struct fhir_shape sh_attachment = ELEMENT("Attachment", el_attachment);

static const struct fhir_element el_reference[] = {
    E("reference", string, 0, 0, NULL),
    E("type", uri, 0, 0, NULL),
    E("identifier", identifier, 0, 0, NULL),
    E("display", string, 0, 0, NULL),
};
const struct fhir_shape sh_reference = ELEMENT("Reference", el_reference);

static const struct fhir_element el_period[] = {
    E("start", date_time, 0, 0, NULL),
    E("end", date_time, 0, 0, NULL),
};
const struct fhir_shape sh_period = ELEMENT("Period", el_period);

static const struct fhir_element el_coding[] = {
    E("system", uri, 0, 0, NULL),
    E("version", string, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
    E("display", string, 0, 0, NULL),
    E("userSelected", boolean, 0, 0, NULL),
};
const struct fhir_shape sh_coding = ELEMENT("Coding", el_coding);

static const struct fhir_element el_quantity[] = {
    E("value", decimal, 0, 0, NULL),
    E("comparator", code, 0, 0, "<|<=|>=|>"),
    E("unit", string, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
};
const struct fhir_shape sh_quantity = ELEMENT("Quantity", el_quantity);

static const struct fhir_element el_ratio[] = {
    E("numerator", quantity, 0, 0, NULL),
    E("denominator", quantity, 0, 0, NULL),
};
const struct fhir_shape sh_ratio = ELEMENT("Ratio", el_ratio);

static const struct fhir_element el_range[] = {
    E("low", quantity, 0, 0, NULL),
    E("high", quantity, 0, 0, NULL),
};
const struct fhir_shape sh_range = ELEMENT("Range", el_range);

static const struct fhir_element el_timing_repeat[] = {
    E("boundsDuration", duration, 0, 1, NULL),
    E("boundsRange", range, 0, 1, NULL),
    E("boundsPeriod", period, 0, 1, NULL),
    E("count", positive_int, 0, 0, NULL),
    E("countMax", positive_int, 0, 0, NULL),
    E("duration", decimal, 0, 0, NULL),
    E("durationMax", decimal, 0, 0, NULL),
    E("durationUnit", code, 0, 0, "s|min|h|d|wk|mo|a"),
    E("frequency", positive_int, 0, 0, NULL),
    E("frequencyMax", positive_int, 0, 0, NULL),
    E("period", decimal, 0, 0, NULL),
    E("periodMax", decimal, 0, 0, NULL),
    E("periodUnit", code, 0, 0, "s|min|h|d|wk|mo|a"),
    E("dayOfWeek", code, MANY, 0, "mon|tue|wed|thu|fri|sat|sun"),
    E("timeOfDay", time, MANY, 0, NULL),
    E("when", code, MANY, 0,
      "MORN|MORN.early|MORN.late|NOON|AFT|AFT.early|AFT.late|EVE|EVE.early|EVE.late|NIGHT|"
      "PHS|HS|WAKE|C|CM|CD|CV|AC|ACM|ACD|ACV|PC|PCM|PCD|PCV"),
    E("offset", unsigned_int, 0, 0, NULL),
};
static const struct fhir_shape sh_timing_repeat = ELEMENT("Timing.repeat", el_timing_repeat);

static const struct fhir_element el_timing[] = {
    E("event", date_time, MANY, 0, NULL),
    E("repeat", timing_repeat, 0, 0, NULL),
    E("code", codeable_concept, 0, 0, NULL),
};
const struct fhir_shape sh_timing = BACKBONE("Timing", el_timing);

static const struct fhir_element el_annotation[] = {
    E("authorReference", reference, 0, 1, "Practitioner|Patient|RelatedPerson|Organization"),
    E("authorString", string, 0, 1, NULL),
    E("time", date_time, 0, 0, NULL),
    E("text", markdown, REQ, 0, NULL),
};
const struct fhir_shape sh_annotation = ELEMENT("Annotation", el_annotation);

static const struct fhir_element el_duration[] = {
    E("value", decimal, 0, 0, NULL),
    E("comparator", code, 0, 0, "<|<=|>=|>"),
    E("unit", string, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
};
const struct fhir_shape sh_duration = ELEMENT("Duration", el_duration);

static const struct fhir_element el_age[] = {
    E("value", decimal, 0, 0, NULL),
    E("comparator", code, 0, 0, "<|<=|>=|>"),
    E("unit", string, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
};
const struct fhir_shape sh_age = ELEMENT("Age", el_age);

static const struct fhir_element el_sampled_data[] = {
    E("origin", quantity, REQ, 0, NULL),
    E("period", decimal, REQ, 0, NULL),
    E("factor", decimal, 0, 0, NULL),
    E("lowerLimit", decimal, 0, 0, NULL),
    E("upperLimit", decimal, 0, 0, NULL),
    E("dimensions", positive_int, REQ, 0, NULL),
    E("data", string, 0, 0, NULL),
};
const struct fhir_shape sh_sampled_data = ELEMENT("SampledData", el_sampled_data);

static const struct fhir_element el_narrative[] = {
    E("status", code, REQ, 0, "generated|extensions|additional|empty"),
    E("div", xhtml, REQ, 0, NULL),
};
const struct fhir_shape sh_narrative = ELEMENT("Narrative", el_narrative);

static const struct fhir_element el_signature[] = {
    E("type", coding, REQ | MANY, 0, NULL),
    E("when", instant, REQ, 0, NULL),
    E("who", reference, REQ, 0,
      "Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization"),
    E("onBehalfOf", reference, 0, 0,
      "Practitioner|PractitionerRole|RelatedPerson|Patient|Device|Organization"),
    E("targetFormat", code, 0, 0, NULL),
    E("sigFormat", code, 0, 0, NULL),
    E("data", base64_binary, 0, 0, NULL),
};
const struct fhir_shape sh_signature = ELEMENT("Signature", el_signature);

static const struct fhir_element el_contact_detail[] = {
    E("name", string, 0, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
};
const struct fhir_shape sh_contact_detail = ELEMENT("ContactDetail", el_contact_detail);

static const struct fhir_element el_usage_context[] = {
    E("code", coding, REQ, 0, NULL),
    E("valueCodeableConcept", codeable_concept, REQ, 1, NULL),
    E("valueQuantity", quantity, REQ, 1, NULL),
    E("valueRange", range, REQ, 1, NULL),
    E("valueReference", reference, REQ, 1,
      "PlanDefinition|ResearchStudy|InsurancePlan|HealthcareService|Group|Location|"
      "Organization"),
};
const struct fhir_shape sh_usage_context = ELEMENT("UsageContext", el_usage_context);

static const struct fhir_element el_count[] = {
    E("value", decimal, 0, 0, NULL),
    E("comparator", code, 0, 0, "<|<=|>=|>"),
    E("unit", string, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
};
const struct fhir_shape sh_count = ELEMENT("Count", el_count);

static const struct fhir_element el_distance[] = {
    E("value", decimal, 0, 0, NULL),
    E("comparator", code, 0, 0, "<|<=|>=|>"),
    E("unit", string, 0, 0, NULL),
    E("system", uri, 0, 0, NULL),
    E("code", code, 0, 0, NULL),
};
const struct fhir_shape sh_distance = ELEMENT("Distance", el_distance);

static const struct fhir_element el_money[] = {
    E("value", decimal, 0, 0, NULL),
    E("currency", code, 0, 0, NULL),
};
const struct fhir_shape sh_money = ELEMENT("Money", el_money);

static const struct fhir_element el_contributor[] = {
    E("type", code, REQ, 0, "author|editor|reviewer|endorser"),
    E("name", string, REQ, 0, NULL),
    E("contact", contact_detail, MANY, 0, NULL),
};
const struct fhir_shape sh_contributor = ELEMENT("Contributor", el_contributor);

static const struct fhir_element el_data_requirement_code_filter[] = {
    E("path", string, 0, 0, NULL),
    E("searchParam", string, 0, 0, NULL),
    E("valueSet", canonical, 0, 0, NULL),
    E("code", coding, MANY, 0, NULL),
};
static const struct fhir_shape sh_data_requirement_code_filter =
    ELEMENT("DataRequirement.codeFilter", el_data_requirement_code_filter);

static const struct fhir_element el_data_requirement_date_filter[] = {
    E("path", string, 0, 0, NULL),
    E("searchParam", string, 0, 0, NULL),
    E("valueDateTime", date_time, 0, 1, NULL),
    E("valuePeriod", period, 0, 1, NULL),
    E("valueDuration", duration, 0, 1, NULL),
};
static const struct fhir_shape sh_data_requirement_date_filter =
    ELEMENT("DataRequirement.dateFilter", el_data_requirement_date_filter);

static const struct fhir_element el_data_requirement_sort[] = {
    E("path", string, REQ, 0, NULL),
    E("direction", code, REQ, 0, "ascending|descending"),
};
static const struct fhir_shape sh_data_requirement_sort =
    ELEMENT("DataRequirement.sort", el_data_requirement_sort);

static const struct fhir_element el_data_requirement[] = {
    E("type", code, REQ, 0, NULL),
    E("profile", canonical, MANY, 0, NULL),
    E("subjectCodeableConcept", codeable_concept, 0, 1, NULL),
    E("subjectReference", reference, 0, 1, "Group"),
    E("mustSupport", string, MANY, 0, NULL),
    E("codeFilter", data_requirement_code_filter, MANY, 0, NULL),
    E("dateFilter", data_requirement_date_filter, MANY, 0, NULL),
    E("limit", positive_int, 0, 0, NULL),
    E("sort", data_requirement_sort, MANY, 0, NULL),
};
const struct fhir_shape sh_data_requirement = ELEMENT("DataRequirement", el_data_requirement);

static const struct fhir_element el_expression[] = {
    E("description", string, 0, 0, NULL),
    E("name", id, 0, 0, NULL),
    E("language", code, REQ, 0, NULL),
    E("expression", string, 0, 0, NULL),
    E("reference", uri, 0, 0, NULL),
};
const struct fhir_shape sh_expression = ELEMENT("Expression", el_expression);

static const struct fhir_element el_parameter_definition[] = {
    E("name", code, 0, 0, NULL),
    E("use", code, REQ, 0, "in|out"),
    E("min", integer, 0, 0, NULL),
    E("max", string, 0, 0, NULL),
    E("documentation", string, 0, 0, NULL),
    E("type", code, REQ, 0, NULL),
    E("profile", canonical, 0, 0, NULL),
};
const struct fhir_shape sh_parameter_definition =
    ELEMENT("ParameterDefinition", el_parameter_definition);

static const struct fhir_element el_related_artifact[] = {
    E("type", code, REQ, 0,
      "documentation|justification|citation|predecessor|successor|derived-from|depends-on|"
      "composed-of"),
    E("label", string, 0, 0, NULL),
    E("display", string, 0, 0, NULL),
    E("citation", markdown, 0, 0, NULL),
    E("url", url, 0, 0, NULL),
    E("document", attachment, 0, 0, NULL),
    E("resource", canonical, 0, 0, NULL),
};
const struct fhir_shape sh_related_artifact = ELEMENT("RelatedArtifact", el_related_artifact);

static const struct fhir_element el_trigger_definition[] = {
    E("type", code, REQ, 0,
      "named-event|periodic|data-changed|data-added|data-modified|data-removed|"
      "data-accessed|data-access-ended"),
    E("name", string, 0, 0, NULL),
    E("timingTiming", timing, 0, 1, NULL),
    E("timingReference", reference, 0, 1, "Schedule"),
    E("timingDate", date, 0, 1, NULL),
    E("timingDateTime", date_time, 0, 1, NULL),
    E("data", data_requirement, MANY, 0, NULL),
    E("condition", expression, 0, 0, NULL),
};
const struct fhir_shape sh_trigger_definition = ELEMENT("TriggerDefinition", el_trigger_definition);

static const struct fhir_element el_dosage_dose_and_rate[] = {
    E("type", codeable_concept, 0, 0, NULL),
    E("doseRange", range, 0, 1, NULL),
    E("doseQuantity", quantity, 0, 1, NULL),
    E("rateRatio", ratio, 0, 2, NULL),
    E("rateRange", range, 0, 2, NULL),
    E("rateQuantity", quantity, 0, 2, NULL),
};
static const struct fhir_shape sh_dosage_dose_and_rate =
    ELEMENT("Dosage.doseAndRate", el_dosage_dose_and_rate);

static const struct fhir_element el_dosage[] = {
    E("sequence", integer, 0, 0, NULL),
    E("text", string, 0, 0, NULL),
    E("additionalInstruction", codeable_concept, MANY, 0, NULL),
    E("patientInstruction", string, 0, 0, NULL),
    E("timing", timing, 0, 0, NULL),
    E("asNeededBoolean", boolean, 0, 1, NULL),
    E("asNeededCodeableConcept", codeable_concept, 0, 1, NULL),
    E("site", codeable_concept, 0, 0, NULL),
    E("route", codeable_concept, 0, 0, NULL),
    E("method", codeable_concept, 0, 0, NULL),
    E("doseAndRate", dosage_dose_and_rate, MANY, 0, NULL),
    E("maxDosePerPeriod", ratio, 0, 0, NULL),
    E("maxDosePerAdministration", quantity, 0, 0, NULL),
    E("maxDosePerLifetime", quantity, 0, 0, NULL),
};
const struct fhir_shape sh_dosage = BACKBONE("Dosage", el_dosage);

static const struct fhir_element el_meta[] = {
    E("versionId", id, 0, 0, NULL),
    E("lastUpdated", instant, 0, 0, NULL),
    E("source", uri, 0, 0, NULL),
    E("profile", canonical, MANY, 0, NULL),
    E("security", coding, MANY, 0, NULL),
    E("tag", coding, MANY, 0, NULL),
};
const struct fhir_shape sh_meta = ELEMENT("Meta", el_meta);

static const struct fhir_element el_extension[] = {
    E("url", uri, REQ, 0, NULL),
    E("value", any, OPEN, 0, NULL),
};
const struct fhir_shape sh_extension = ELEMENT("Extension", el_extension);
