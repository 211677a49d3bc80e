"""Mark the copies of reports' files and photos that earlier versions put on orders."""


def migrate(cr, version):
    cr.execute(
        """
          WITH original AS (
                SELECT res_id AS report_id, checksum
                  FROM ir_attachment
                 WHERE res_model = 'fault.report'
                 UNION
                SELECT point.report_id, photo.checksum
                  FROM ir_attachment AS photo
                  JOIN fault_report_point AS point
                    ON point.id = photo.res_id
                 WHERE photo.res_model = 'fault.report.point'
          )
        UPDATE ir_attachment AS copy
           SET is_from_fault_report = TRUE
          FROM original
          JOIN fault_report AS report
            ON report.id = original.report_id
         WHERE copy.checksum = original.checksum
           AND copy.res_field IS NULL
           AND (
                (
                    copy.res_model = report.work_order_model
                    AND copy.res_id = report.work_order_id
                )
                OR (
                    copy.res_model = 'sale.order'
                    AND copy.res_id = report.sale_order_id
                )
           )
        """
    )
