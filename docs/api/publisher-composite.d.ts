// Public surface of @eventmeter/publisher-composite. Written by scripts/report-api.ts: do not edit.

import type { CheckReport, CommonOptions, EventMetrics, FlushReport, FormattedMetrics, MetricsPublisher, NetworkMetrics, PublisherHealth, WaitOptions } from "@eventmeter/core";

/** A publisher inside a composite, and which records it gets. */
export interface CompositeChild {
    readonly publisher: MetricsPublisher;
    /** Which events it gets; a predicate that throws lets the event pass. @default true */
    readonly events?: boolean | ((metrics: Readonly<EventMetrics>) => boolean) | undefined;
    /** Which network operations it gets; a predicate that throws lets the operation pass. @default true */
    readonly network?: boolean | ((metrics: Readonly<NetworkMetrics>) => boolean) | undefined;
    /** Whether closing the composite closes it; if not, it is only flushed. @default true */
    readonly owned?: boolean | undefined;
}

/**
 * Publishes every record to several publishers; a failure of one does not affect the others.
 * Delivered means that at least one child that wanted the record was offered it and did not throw. What became of it there is in
 * the numbers of the children, which reports and the health carry as `children`.
 */
export declare class CompositePublisher implements MetricsPublisher {
    #private;
    readonly name: string;
    readonly contract = 1;
    /** @throws PublisherError `options`, naming every wrong entry by its index */
    constructor(publishers: readonly (MetricsPublisher | CompositeChild)[], options?: CommonOptions);
    publishEventMetrics(metrics: Readonly<EventMetrics>): void;
    publishNetworkMetrics(metrics: Readonly<NetworkMetrics>): void;
    formatMetrics(metrics: Readonly<EventMetrics> | Readonly<NetworkMetrics>): FormattedMetrics;
    /**
     * Adds a publisher from the next record on. It is started in the background if the composite was started.
     * @throws PublisherError `options`: not a publisher, its name is taken, or the composite would be inside itself or is closed
     */
    add(child: MetricsPublisher | CompositeChild): void;
    /**
     * Removes a child and flushes it. It is not closed and belongs to the caller again.
     * @throws PublisherError `options` (a rejection) if there is no child of that name
     */
    remove(name: string, options?: WaitOptions): Promise<FlushReport>;
    /**
     * Starts all children; one that cannot start does not keep the others from it.
     * @throws PublisherError `start-failed` (a rejection), when all have ended or the time is over, naming each that failed
     */
    start(options?: WaitOptions): Promise<void>;
    flush(options?: WaitOptions): Promise<FlushReport>;
    close(options?: WaitOptions): Promise<FlushReport>;
    health(): PublisherHealth;
    /** Checks all children. Ok only if every child is; `children` has one report for each, in their order. Never rejects. */
    check(options?: WaitOptions): Promise<CheckReport>;
    [Symbol.asyncDispose](): Promise<void>;
}
