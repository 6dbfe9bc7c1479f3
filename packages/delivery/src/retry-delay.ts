export { backOffMs as retryDelay } from "@eventmeter/core/publisher";
