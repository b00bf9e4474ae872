/* fhir/element_directory.c - element rows of FHIR R4 4.0.1:
 * people, organisations, services, places, calendars. See element.h. */
#include "fhir/element_int.h"

/* clang-format off */
static const struct fhir_element el_patient_contact[] = {
    E("relationship", codeable_concept, MANY, 0, NULL),
    E("name", human_name, 0, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("address", address, 0, 0, NULL),
    E("gender", code, 0, 0, "male|female|other|unknown"),
    E("organization", reference, 0, 0, "Organization"),
    E("period", period, 0, 0, NULL),
};
static const struct fhir_shape sh_patient_contact = BACKBONE("Patient.contact", el_patient_contact);

static const struct fhir_element el_patient_communication[] = {
    E("language", codeable_concept, REQ, 0, NULL),
    E("preferred", boolean, 0, 0, NULL),
};
static const struct fhir_shape sh_patient_communication =
    BACKBONE("Patient.communication", el_patient_communication);

static const struct fhir_element el_patient_link[] = {
    E("other", reference, REQ, 0, "Patient|RelatedPerson"),
    E("type", code, REQ, 0, "replaced-by|replaces|refer|seealso"),
};
static const struct fhir_shape sh_patient_link = BACKBONE("Patient.link", el_patient_link);

static const struct fhir_element el_patient[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("name", human_name, MANY, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("gender", code, 0, 0, "male|female|other|unknown"),
    E("birthDate", date, 0, 0, NULL),
    E("deceasedBoolean", boolean, 0, 1, NULL),
    E("deceasedDateTime", date_time, 0, 1, NULL),
    E("address", address, MANY, 0, NULL),
    E("maritalStatus", codeable_concept, 0, 0, NULL),
    E("multipleBirthBoolean", boolean, 0, 2, NULL),
    E("multipleBirthInteger", integer, 0, 2, NULL),
    E("photo", attachment, MANY, 0, NULL),
    E("contact", patient_contact, MANY, 0, NULL),
    E("communication", patient_communication, MANY, 0, NULL),
    E("generalPractitioner", reference, MANY, 0, "Organization|Practitioner|PractitionerRole"),
    E("managingOrganization", reference, 0, 0, "Organization"),
    E("link", patient_link, MANY, 0, NULL),
};
const struct fhir_shape sh_patient = DOMAIN("Patient", el_patient);

static const struct fhir_element el_practitioner_qualification[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("code", codeable_concept, REQ, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("issuer", reference, 0, 0, "Organization"),
};
static const struct fhir_shape sh_practitioner_qualification =
    BACKBONE("Practitioner.qualification", el_practitioner_qualification);

static const struct fhir_element el_practitioner[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("name", human_name, MANY, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("address", address, MANY, 0, NULL),
    E("gender", code, 0, 0, "male|female|other|unknown"),
    E("birthDate", date, 0, 0, NULL),
    E("photo", attachment, MANY, 0, NULL),
    E("qualification", practitioner_qualification, MANY, 0, NULL),
    E("communication", codeable_concept, MANY, 0, NULL),
};
const struct fhir_shape sh_practitioner = DOMAIN("Practitioner", el_practitioner);

static const struct fhir_element el_practitioner_role_available_time[] = {
    E("daysOfWeek", code, MANY, 0, "mon|tue|wed|thu|fri|sat|sun"),
    E("allDay", boolean, 0, 0, NULL),
    E("availableStartTime", time, 0, 0, NULL),
    E("availableEndTime", time, 0, 0, NULL),
};
static const struct fhir_shape sh_practitioner_role_available_time =
    BACKBONE("PractitionerRole.availableTime", el_practitioner_role_available_time);

static const struct fhir_element el_practitioner_role_not_available[] = {
    E("description", string, REQ, 0, NULL),
    E("during", period, 0, 0, NULL),
};
static const struct fhir_shape sh_practitioner_role_not_available =
    BACKBONE("PractitionerRole.notAvailable", el_practitioner_role_not_available);

static const struct fhir_element el_practitioner_role[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("period", period, 0, 0, NULL),
    E("practitioner", reference, 0, 0, "Practitioner"),
    E("organization", reference, 0, 0, "Organization"),
    E("code", codeable_concept, MANY, 0, NULL),
    E("specialty", codeable_concept, MANY, 0, NULL),
    E("location", reference, MANY, 0, "Location"),
    E("healthcareService", reference, MANY, 0, "HealthcareService"),
    E("telecom", contact_point, MANY, 0, NULL),
    E("availableTime", practitioner_role_available_time, MANY, 0, NULL),
    E("notAvailable", practitioner_role_not_available, MANY, 0, NULL),
    E("availabilityExceptions", string, 0, 0, NULL),
    E("endpoint", reference, MANY, 0, "Endpoint"),
};
const struct fhir_shape sh_practitioner_role = DOMAIN("PractitionerRole", el_practitioner_role);

static const struct fhir_element el_organization_contact[] = {
    E("purpose", codeable_concept, 0, 0, NULL),
    E("name", human_name, 0, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("address", address, 0, 0, NULL),
};
static const struct fhir_shape sh_organization_contact =
    BACKBONE("Organization.contact", el_organization_contact);

static const struct fhir_element el_organization[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("type", codeable_concept, MANY, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("alias", string, MANY, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("address", address, MANY, 0, NULL),
    E("partOf", reference, 0, 0, "Organization"),
    E("contact", organization_contact, MANY, 0, NULL),
    E("endpoint", reference, MANY, 0, "Endpoint"),
};
const struct fhir_shape sh_organization = DOMAIN("Organization", el_organization);

static const struct fhir_element el_healthcare_service_eligibility[] = {
    E("code", codeable_concept, 0, 0, NULL),
    E("comment", markdown, 0, 0, NULL),
};
static const struct fhir_shape sh_healthcare_service_eligibility =
    BACKBONE("HealthcareService.eligibility", el_healthcare_service_eligibility);

static const struct fhir_element el_healthcare_service_available_time[] = {
    E("daysOfWeek", code, MANY, 0, "mon|tue|wed|thu|fri|sat|sun"),
    E("allDay", boolean, 0, 0, NULL),
    E("availableStartTime", time, 0, 0, NULL),
    E("availableEndTime", time, 0, 0, NULL),
};
static const struct fhir_shape sh_healthcare_service_available_time =
    BACKBONE("HealthcareService.availableTime", el_healthcare_service_available_time);

static const struct fhir_element el_healthcare_service_not_available[] = {
    E("description", string, REQ, 0, NULL),
    E("during", period, 0, 0, NULL),
};
static const struct fhir_shape sh_healthcare_service_not_available =
    BACKBONE("HealthcareService.notAvailable", el_healthcare_service_not_available);

static const struct fhir_element el_healthcare_service[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("providedBy", reference, 0, 0, "Organization"),
    E("category", codeable_concept, MANY, 0, NULL),
    E("type", codeable_concept, MANY, 0, NULL),
    E("specialty", codeable_concept, MANY, 0, NULL),
    E("location", reference, MANY, 0, "Location"),
    E("name", string, 0, 0, NULL),
    E("comment", string, 0, 0, NULL),
    E("extraDetails", markdown, 0, 0, NULL),
    E("photo", attachment, 0, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("coverageArea", reference, MANY, 0, "Location"),
    E("serviceProvisionCode", codeable_concept, MANY, 0, NULL),
    E("eligibility", healthcare_service_eligibility, MANY, 0, NULL),
    E("program", codeable_concept, MANY, 0, NULL),
    E("characteristic", codeable_concept, MANY, 0, NULL),
    E("communication", codeable_concept, MANY, 0, NULL),
    E("referralMethod", codeable_concept, MANY, 0, NULL),
    E("appointmentRequired", boolean, 0, 0, NULL),
    E("availableTime", healthcare_service_available_time, MANY, 0, NULL),
    E("notAvailable", healthcare_service_not_available, MANY, 0, NULL),
    E("availabilityExceptions", string, 0, 0, NULL),
    E("endpoint", reference, MANY, 0, "Endpoint"),
};
const struct fhir_shape sh_healthcare_service = DOMAIN("HealthcareService", el_healthcare_service);

static const struct fhir_element el_location_position[] = {
    E("longitude", decimal, REQ, 0, NULL),
    E("latitude", decimal, REQ, 0, NULL),
    E("altitude", decimal, 0, 0, NULL),
};
static const struct fhir_shape sh_location_position =
    BACKBONE("Location.position", el_location_position);

static const struct fhir_element el_location_hours_of_operation[] = {
    E("daysOfWeek", code, MANY, 0, "mon|tue|wed|thu|fri|sat|sun"),
    E("allDay", boolean, 0, 0, NULL),
    E("openingTime", time, 0, 0, NULL),
    E("closingTime", time, 0, 0, NULL),
};
static const struct fhir_shape sh_location_hours_of_operation =
    BACKBONE("Location.hoursOfOperation", el_location_hours_of_operation);

static const struct fhir_element el_location[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("status", code, 0, 0, "active|suspended|inactive"),
    E("operationalStatus", coding, 0, 0, NULL),
    E("name", string, 0, 0, NULL),
    E("alias", string, MANY, 0, NULL),
    E("description", string, 0, 0, NULL),
    E("mode", code, 0, 0, "instance|kind"),
    E("type", codeable_concept, MANY, 0, NULL),
    E("telecom", contact_point, MANY, 0, NULL),
    E("address", address, 0, 0, NULL),
    E("physicalType", codeable_concept, 0, 0, NULL),
    E("position", location_position, 0, 0, NULL),
    E("managingOrganization", reference, 0, 0, "Organization"),
    E("partOf", reference, 0, 0, "Location"),
    E("hoursOfOperation", location_hours_of_operation, MANY, 0, NULL),
    E("availabilityExceptions", string, 0, 0, NULL),
    E("endpoint", reference, MANY, 0, "Endpoint"),
};
const struct fhir_shape sh_location = DOMAIN("Location", el_location);

static const struct fhir_element el_schedule[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("active", boolean, 0, 0, NULL),
    E("serviceCategory", codeable_concept, MANY, 0, NULL),
    E("serviceType", codeable_concept, MANY, 0, NULL),
    E("specialty", codeable_concept, MANY, 0, NULL),
    E("actor", reference, REQ | MANY, 0,
      "Patient|Practitioner|PractitionerRole|RelatedPerson|Device|HealthcareService|"
      "Location"),
    E("planningHorizon", period, 0, 0, NULL),
    E("comment", string, 0, 0, NULL),
};
const struct fhir_shape sh_schedule = DOMAIN("Schedule", el_schedule);

static const struct fhir_element el_slot[] = {
    E("identifier", identifier, MANY, 0, NULL),
    E("serviceCategory", codeable_concept, MANY, 0, NULL),
    E("serviceType", codeable_concept, MANY, 0, NULL),
    E("specialty", codeable_concept, MANY, 0, NULL),
    E("appointmentType", codeable_concept, 0, 0, NULL),
    E("schedule", reference, REQ, 0, "Schedule"),
    E("status", code, REQ, 0, "busy|free|busy-unavailable|busy-tentative|entered-in-error"),
    E("start", instant, REQ, 0, NULL),
    E("end", instant, REQ, 0, NULL),
    E("overbooked", boolean, 0, 0, NULL),
    E("comment", string, 0, 0, NULL),
};
const struct fhir_shape sh_slot = DOMAIN("Slot", el_slot);
