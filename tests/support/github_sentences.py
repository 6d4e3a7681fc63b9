"""What GitHub says where it forbids something whatever rights a token has, and a word of what helps."""

SENTENCES = {
    "Resource protected by organization SAML enforcement. You must grant your Personal Access token access "
    "to this organization.": "single sign-on",
    "The 'acme' organization has enabled or enforced SAML SSO.": "single sign-on",
    "Although you appear to have the correct authorization credentials, the `acme` organization has an IP "
    "allow list enabled, and your IP address is not permitted to access this resource.": "on that list",
    "The repository owner has an IP allow list enabled, and 192.0.2.7 is not permitted to access this "
    "repository.": "on that list",
    "Repository was archived so is read-only.": "Unarchive",
    "This repository was archived so it is read-only.": "Unarchive",
    "Unable to create comment because issue is locked.": "Unlock the conversation",
    "`acme` forbids access via a personal access token (classic). Please use a GitHub App, OAuth App, or a "
    "personal access token with fine-grained permissions.": "of the kind that the organisation allows",
    "The 'acme' organization forbids access via a fine-grained personal access tokens if the token's "
    "lifetime is greater than 366 days.": "ends within the days that the organisation allows",
    "Although you appear to have the correct authorization credentials, the `acme` organization has enabled "
    "OAuth App access restrictions, meaning that access to third-parties is limited.": "approve the program",
    "Repository access blocked": "to everybody",
    "Access to this repository has been disabled by GitHub staff.": "to everybody",
}
